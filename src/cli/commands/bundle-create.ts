import { resolve } from "node:path";
import type { BundleCreateReport } from "../../journeys/index.ts";
import type { Handler } from "../command.ts";
import { type Ending, performJourney } from "../perform.ts";
import { formatBytes, formatDuration } from "../quantities.ts";
import { overridesOf } from "../registry-overrides.ts";
import { worldOf } from "../world.ts";

/** `skerry bundle create [FILE]` */
export const bundleCreate: Handler = async (call) => {
  const journeys = await import("../../journeys/index.ts");
  const { out } = call.flags;
  const request = {
    definitionFile: resolve(call.workingFolder, call.args[0] ?? "bundle.yaml"),
    ...(out === undefined ? {} : { outFile: resolve(call.workingFolder, out) }),
    registryOverrides: overridesOf(call),
  };
  return await performJourney(call, {
    kind: "BundleCreateResult",
    asks: false,
    open: () => journeys.bundleCreate(request, worldOf(call)),
    text: bundleText,
  });
};

function bundleText(report: BundleCreateReport, { durationMs }: Ending): string {
  const { file, sizeBytes, images, packages, assets, signedBy, fetchedBytes } = report;
  return [
    `${file} is ready: ${formatBytes(sizeBytes)}, ${images} images, ${packages} packages, ${assets} boot assets`,
    "",
    `  signed    ${signedBy === undefined ? "no; only sites with trust.allowUnsigned take it" : `by ${signedBy}`}`,
    `  fetched   ${formatBytes(fetchedBytes)}; what is missing from ${formatBytes(sizeBytes)} was there already`,
    "",
    `Took ${formatDuration(durationMs)}. Next: skerry up --bundle ${file}`,
  ].join("\n");
}
