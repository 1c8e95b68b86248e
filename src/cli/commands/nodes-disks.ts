import { chooseSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { formatBytes } from "../quantities.ts";
import { renderTable } from "../views/table.ts";
import { worldOf } from "../world.ts";

/** `skerry nodes disks [NODE]` */
export const nodesDisks: Handler = async (call) => {
  const { siteFile } = await chooseSite(call);
  const [node] = call.args;
  const journeys = await import("../../journeys/index.ts");
  const report = await journeys.disksLook({ siteFile, ...(node === undefined ? {} : { node }) }, worldOf(call));
  const text = renderTable(
    ["NODE", "DISK", "SIZE", "TYPE", "MODEL", "SERIAL", "WWID", ""],
    report.disks.map((disk) => [
      disk.node,
      disk.path,
      disk.sizeBytes === undefined ? undefined : formatBytes(disk.sizeBytes),
      disk.type,
      disk.model,
      disk.serial,
      disk.wwid,
      disk.note,
    ]),
  );
  return { exit: 0, text, document: { kind: "DiskList", data: report } };
};
