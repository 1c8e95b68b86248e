import type { Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";
import { renderTable } from "../views/table.ts";

/** `skerry lab list` */
export const labList: Handler = async (call) => {
  const lab = await import("../../lab/index.ts");
  const racks = lab.listRacks(stateFolderOf(call));
  const rows = racks.map((rack) => [
    rack.name,
    rack.running ? "running" : "stopped",
    rack.interior,
    String(rack.nodes),
    rack.kubernetes ? "yes" : "no",
    rack.started,
    rack.sourceSite,
  ]);
  return {
    exit: 0,
    text:
      racks.length === 0
        ? "There are no racks."
        : renderTable(["RACK", "STATE", "INTERIOR", "NODES", "KUBERNETES", "STARTED", "MADE FROM"], rows),
    document: { kind: "RackList", data: { racks } },
  };
};
