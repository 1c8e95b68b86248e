import { resolve } from "node:path";
import type { BundleVerifyReport } from "../../journeys/index.ts";
import { chooseBundle } from "../choose-site.ts";
import type { Call, Handler } from "../command.ts";
import { type Ending, performJourney } from "../perform.ts";
import { formatBytes, formatDuration } from "../quantities.ts";
import { worldOf } from "../world.ts";

/** `skerry bundle verify [FILE]` */
export const bundleVerify: Handler = async (call) => {
  const { site, key } = call.flags;
  const request = {
    file: await bundleArgument(call),
    keys: key.map((file) => resolve(call.workingFolder, file)),
    ...(site === undefined ? {} : { siteFile: resolve(call.workingFolder, site) }),
  };
  const journeys = await import("../../journeys/index.ts");
  return await performJourney(call, {
    kind: "BundleVerifyResult",
    asks: false,
    open: () => journeys.bundleVerify(request, worldOf(call)),
    text: verifyText,
  });
};

/** The bundle named as an argument, else the only one in this folder. */
export async function bundleArgument(call: Call): Promise<string> {
  const [file] = call.args;
  return file === undefined ? await chooseBundle(call, [call.workingFolder]) : resolve(call.workingFolder, file);
}

const signatures: Readonly<Record<BundleVerifyReport["signature"], string>> = {
  verified: "verified",
  unsigned: "none",
  unchecked: "there is one; name a key (--key) or a site (--site) to check it",
};

function verifyText(report: BundleVerifyReport, { durationMs }: Ending): string {
  const { file, blobs, bytes, images, signature, keyId } = report;
  const speed = durationMs === 0 ? "" : ` (${formatBytes((bytes * 1000) / durationMs)}/s)`;
  return [
    `${file} is whole: ${blobs} blobs, ${formatBytes(bytes)}, each byte hashed`,
    "",
    `  signature   ${signatures[signature]}${keyId === undefined ? "" : ` by ${keyId}`}`,
    `  closure     complete: ${images} images`,
    "",
    `Took ${formatDuration(durationMs)}${speed}.`,
  ].join("\n");
}
