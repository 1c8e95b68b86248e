import { resolve } from "node:path";
import type { PackageCreateReport } from "../../journeys/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Handler } from "../command.ts";
import { namedValues } from "../named-values.ts";
import { type Ending, performJourney } from "../perform.ts";
import { formatBytes, formatDuration } from "../quantities.ts";
import { overridesOf } from "../registry-overrides.ts";
import { worldOf } from "../world.ts";

const bytesPerMegabyte = 1_000_000;

/** `skerry package create [DIR]` */
export const packageCreate: Handler = async (call) => {
  const { out, architecture, flavor, differential, maxPackageSize, signingKey, passwordFile } = call.flags;
  const file = (path: string): string => resolve(call.workingFolder, path);
  if (maxPackageSize !== undefined && !/^[1-9]\d{0,8}$/.test(maxPackageSize))
    throw new OperatorError("USAGE_INVALID", "--max-package-size: give a whole number of megabytes", {
      next: ["--max-package-size 4000   for sticks with FAT32"],
    });
  const request = {
    place: file(call.args[0] ?? "."),
    outFolder: file(out ?? "."),
    set: namedValues(call.flags.set, "--set"),
    registryOverrides: overridesOf(call),
    ...(architecture === undefined ? {} : { architecture }),
    ...(flavor === undefined ? {} : { flavor }),
    ...(differential === undefined ? {} : { differential: file(differential) }),
    ...(maxPackageSize === undefined ? {} : { maxPartBytes: Number(maxPackageSize) * bytesPerMegabyte }),
    ...(signingKey === undefined ? {} : { signingKeyFile: file(signingKey) }),
    ...(passwordFile === undefined ? {} : { passwordFile: file(passwordFile) }),
  };
  const journeys = await import("../../journeys/index.ts");
  return await performJourney(call, {
    kind: "PackageCreateResult",
    asks: false,
    open: () => journeys.packageCreate(request, worldOf(call)),
    text: createdText,
  });
};

function createdText(report: PackageCreateReport, { durationMs }: Ending): string {
  const { files, sizeBytes, sha256, components, images, isSigned } = report;
  const [first = "", ...parts] = files;
  const place = parts.length === 0 ? first : `${first} and ${parts.length} parts`;
  return [
    `${place} is ready: ${formatBytes(sizeBytes)}, ${components} components, ${images} images`,
    "",
    `  signed   ${isSigned ? "yes" : "no; deploying it takes --allow-unsigned or a bundle that is signed"}`,
    "  SBOM     none: Skerry has no scanner, with --skip-sbom or without",
    `  sha256   ${sha256}`,
    "",
    `Took ${formatDuration(durationMs)}.`,
  ].join("\n");
}
