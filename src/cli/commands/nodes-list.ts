import type { NodeRow } from "../../journeys/index.ts";
import { chooseSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";

/** `skerry nodes list` */
export const nodesList: Handler = async (call) => {
  const { siteFile } = await chooseSite(call);
  const journeys = await import("../../journeys/index.ts");
  const report = await journeys.nodesLook({ siteFile }, worldOf(call));
  return { exit: 0, text: nodeTable(report.nodes), document: { kind: "NodeList", data: report } };
};

export function nodeTable(nodes: readonly NodeRow[]): string {
  return renderTable(
    ["NODE", "ROLE", "ADDRESS", "STAGE", "READY", "TALOS", "KUBERNETES", ""],
    nodes.map((node) => [
      node.name,
      node.role,
      node.address,
      node.stage,
      node.ready === undefined ? undefined : node.ready ? "Ready" : "NotReady",
      node.talos,
      node.kubernetes,
      node.reason,
    ]),
  );
}
