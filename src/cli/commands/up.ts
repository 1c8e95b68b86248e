import type { UpReport } from "../../journeys/index.ts";
import { chooseBundle, chooseSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { type Ending, performJourney } from "../perform.ts";
import { formatDuration } from "../quantities.ts";
import { stateFilesOf } from "../state-files.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";
import { nodeTable } from "./nodes-list.ts";

/** `skerry up` */
export const up: Handler = async (call) => {
  const chosen = await chooseSite(call);
  const bundleFile = await chooseBundle(call, chosen.bundleFolders);
  const files = await stateFilesOf(call, chosen);
  const journeys = await import("../../journeys/index.ts");
  return await performJourney(call, {
    kind: "UpResult",
    files,
    asks: true,
    open: (journal) => {
      if (journal === undefined) throw new Error("a run of up is always remembered");
      return journeys.up({ siteFile: chosen.siteFile, bundleFile, stateFolder: files.folder, journal }, worldOf(call));
    },
    text: upText,
  });
};

function upText(report: UpReport, ending: Ending): string {
  const ready = report.nodes.filter((node) => node.ready === true).length;
  const paths = [`  kubeconfig    ${report.kubeconfig}`, `  talosconfig   ${report.talosconfig}`];
  const sections = [
    `${report.site} is up: ${ready} of ${report.nodes.length} nodes Ready, ${report.endpoint}`,
    nodeTable(report.nodes),
    report.packages.length === 0
      ? ""
      : renderTable(
          ["PACKAGE", "VERSION", "STATE"],
          report.packages.map((each) => [each.name, each.version, each.state]),
        ),
    report.workloads.length === 0
      ? ""
      : renderTable(
          ["WORKLOAD", "STATE"],
          report.workloads.map((each) => [each.object, each.state]),
        ),
    paths.join("\n"),
    [changesText(ending), laptopText(report)].join("\n"),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function changesText({ changed, durationMs }: Ending): string {
  if (changed === 0) return "There was nothing to do.";
  return `${changed === 1 ? "1 change" : `${changed} changes`} in ${formatDuration(durationMs)}.`;
}

function laptopText({ laptopNeeded, laptopReason }: UpReport): string {
  if (!laptopNeeded) return "The laptop is no longer needed.";
  return `The laptop is still needed${laptopReason === undefined ? "" : `: ${laptopReason}`}.`;
}
