import type { Handler } from "../command.ts";
import { formatBytes } from "../quantities.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";
import { bundleArgument } from "./bundle-verify.ts";

/** `skerry bundle inspect [FILE]` */
export const bundleInspect: Handler = async (call) => {
  const journeys = await import("../../journeys/index.ts");
  const report = await journeys.bundleInspect({ file: await bundleArgument(call) }, worldOf(call));
  const { name, sizeBytes, signedBy, images, packages, assets } = report;
  const versions = report.versions.map((each) => `Talos ${each.talos} with Kubernetes ${each.kubernetes}`).join(", ");
  const signature = signedBy === undefined ? "unsigned" : `signed by ${signedBy} (\`bundle verify\` checks it)`;
  const sections = [
    `${name}: ${formatBytes(sizeBytes)} for ${report.architectures.join(", ")}, ${signature}\n${versions}`,
    renderTable(
      ["IMAGE", "SIZE", "DIGEST", "WHY"],
      images.map((image) => [
        image.reference,
        formatBytes(image.sizeBytes),
        shortDigest(image.digest),
        image.why.join(", "),
      ]),
    ),
    listOf("PACKAGE", packages),
    listOf("BOOT ASSET", assets),
  ];
  return {
    exit: 0,
    text: sections.filter((section) => section !== "").join("\n\n"),
    document: { kind: "BundleInspectResult", data: report },
  };
};

function listOf(
  head: string,
  entries: readonly { readonly name: string; readonly digest: string; readonly sizeBytes: number }[],
): string {
  const rows = entries.map((entry) => [entry.name, formatBytes(entry.sizeBytes), shortDigest(entry.digest)]);
  return rows.length === 0 ? "" : renderTable([head, "SIZE", "DIGEST"], rows);
}

/** Enough of a digest to tell two apart; the whole one is in `--json`. */
function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
