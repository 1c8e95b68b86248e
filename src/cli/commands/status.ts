import type { StatusReport } from "../../journeys/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { chooseSite, findBundle } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { exitCodeOf } from "../exit-code.ts";
import { stateFilesOf } from "../state-files.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";
import { nodeTable } from "./nodes-list.ts";

/** `skerry status` */
export const status: Handler = async (call) => {
  const chosen = await chooseSite(call);
  const { folder: stateFolder } = await stateFilesOf(call, chosen);
  const journeys = await import("../../journeys/index.ts");
  const bundleFile = await findBundle(call, chosen.bundleFolders);
  const report = await journeys.statusLook(
    { siteFile: chosen.siteFile, stateFolder, ...(bundleFile === undefined ? {} : { bundleFile }) },
    worldOf(call),
  );
  const document = { kind: "Status", data: report };
  const text = statusText(report);
  if (report.isHealthy) return { exit: 0, text, document };
  const error = new OperatorError("SITE_UNHEALTHY", `${report.site} is not as it should be`, {
    problems: report.problems.map((message) => ({ message })),
    next: nextSteps(report),
    retry: "later",
  });
  return { exit: exitCodeOf(error), text, document, error };
};

const bundleWords: Readonly<Record<string, string>> = { true: "in the bundle", false: "not in the bundle" };

function nextSteps({ problems, waitingImages: waiting }: StatusReport): readonly string[] {
  const others = problems.length > waiting.length;
  const missing = [...new Set(waiting.filter((each) => each.isInBundle !== true).map(({ image }) => image))];
  return [
    ...(others ? ["skerry up --dry-run   shows what would mend it"] : []),
    ...missing.map((image) => `add ${image} to \`images:\` of bundle.yaml where the site is to have it`),
    ...(missing.length > 0 ? ["skerry bundle create   makes the bundle again, with what it lacks"] : []),
    ...(waiting.length > 0 ? ["skerry mirror serve   gives the nodes what the bundle has"] : []),
  ];
}

function statusText(report: StatusReport): string {
  const sections = [
    `${report.site}: ${report.isHealthy ? "healthy" : "not healthy"}, ${report.endpoint}`,
    nodeTable(report.nodes),
    report.workloads.length === 0
      ? ""
      : renderTable(
          ["WORKLOAD", "STATE", ""],
          report.workloads.map((each) => [each.object, each.state, each.reason]),
        ),
    report.waitingImages.length === 0
      ? ""
      : renderTable(
          ["IMAGE", "NODE", "WAITING", ""],
          report.waitingImages.map((each) => [each.image, each.node, each.pod, bundleWords[String(each.isInBundle)]]),
        ),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}
