import type { StatusReport } from "../../journeys/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { chooseSite } from "../choose-site.ts";
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
  const report = await journeys.statusLook({ siteFile: chosen.siteFile, stateFolder }, worldOf(call));
  const document = { kind: "Status", data: report };
  const text = statusText(report);
  if (report.isHealthy) return { exit: 0, text, document };
  const error = new OperatorError("SITE_UNHEALTHY", `${report.site} is not as it should be`, {
    problems: report.problems.map((message) => ({ message })),
    next: ["skerry up --dry-run   shows what would mend it"],
    retry: "later",
  });
  return { exit: exitCodeOf(error), text, document, error };
};

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
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}
