import { resolve } from "node:path";
import type { FindImagesReport } from "../../journeys/index.ts";
import type { Handler } from "../command.ts";
import { namedValues } from "../named-values.ts";
import { overridesOf } from "../registry-overrides.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";

/** `skerry package find-images [DIR]` */
export const packageFindImages: Handler = async (call) => {
  const { architecture, flavor } = call.flags;
  const journeys = await import("../../journeys/index.ts");
  const report = await journeys.packageFindImages(
    {
      place: resolve(call.workingFolder, call.args[0] ?? "."),
      set: namedValues(call.flags.set, "--set"),
      registryOverrides: overridesOf(call),
      update: call.flags.update,
      ...(architecture === undefined ? {} : { architecture }),
      ...(flavor === undefined ? {} : { flavor }),
    },
    worldOf(call),
  );
  return { exit: 0, text: foundText(report), document: { kind: "PackageImages", data: report } };
};

function foundText({ file, found, unused, added }: FindImagesReport): string {
  const rows = found.map(({ reference, component, usedBy, kind, isListed }) => [
    reference,
    component,
    kind === "maybe" ? "maybe" : isListed ? "listed" : added.length > 0 ? "added" : "NOT LISTED",
    usedBy,
  ]);
  const missing = found.filter(({ kind, isListed }) => kind === "used" && !isListed);
  return [
    rows.length === 0
      ? "No images in charts and manifests."
      : renderTable(["IMAGE", "COMPONENT", "STATE", "USED BY"], rows),
    ...unused.map((reference) => `${reference} is listed, and nothing here was seen to use it.`),
    ...(added.length > 0
      ? [`Added ${added.length} to ${file}.`]
      : missing.length > 0
        ? [`${missing.length} not listed. Next: skerry package find-images --update   adds them to ${file}`]
        : []),
  ].join("\n");
}
