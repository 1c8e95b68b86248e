import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import { ownersOf } from "../open/structure.ts";
import type { PlannedContents } from "./plan-contents.ts";
import type { ResolvedImages } from "./resolve-images.ts";
import type { TransferFailure } from "./transfer-blobs.ts";

/** The error for a bundle that lacks something: every image with why it is wanted, every blob with what it belongs to. */
export function incomplete(
  output: string,
  { resolved, contents }: { readonly resolved: ResolvedImages; readonly contents: PlannedContents },
  failures: readonly TransferFailure[],
): OperatorError {
  const images = resolved.failures.map(
    ({ reference, why, reason }): Problem => ({ message: `${reference} (${why.join(", ")}): ${reason}` }),
  );
  const blobs = failures.map(({ descriptor, error }): Problem => {
    const owners = ownersOf(descriptor.digest, contents.index, contents.children);
    return { message: `${descriptor.digest} (${owners.join(", ")}): ${error.message}` };
  });
  const problems = [...images, ...blobs];
  const kept = "everything else was fetched and is kept for the next run";
  const missing = resolved.failures.filter(({ isMissing }) => isMissing).length;
  if (missing > 0) {
    return new OperatorError(
      "BUNDLE_IMAGES_MISSING",
      `${output} was not made: ${missing} of the images it needs are missing at their registries; ${kept}`,
      {
        where: { file: output },
        next: [
          "correct the versions, packages or images that name them, or push them, then run the same command again",
        ],
        retry: "later",
        problems,
      },
    );
  }
  return new OperatorError(
    "BUNDLE_SOURCE_FAILED",
    `${output} was not made: ${images.length} images and ${blobs.length} blobs could not be fetched; ${kept}`,
    {
      where: { file: output },
      next: ["run the same command again; it fetches only the rest"],
      // Each blob was tried again already: a fourth time at once helps nobody.
      retry: "later",
      problems,
    },
  );
}
