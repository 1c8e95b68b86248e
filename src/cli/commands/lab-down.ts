import type { RemovedRacks } from "../../lab/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";

/** `skerry lab down NAME`, `skerry lab down --all` */
export const labDown: Handler = async (call) => {
  const [name] = call.args;
  if (call.flags.all === (name !== undefined)) {
    throw new OperatorError("USAGE_INVALID", "lab down wants the name of a rack, or --all", {
      next: ["skerry lab list   shows the racks", "skerry lab down --all   takes all of them down"],
    });
  }
  const lab = await import("../../lab/index.ts");
  const where = { stateDir: stateFolderOf(call), signal: call.signal };
  if (name === undefined) {
    const removed = await lab.stopAllRacks(where);
    return { exit: 0, text: allText(removed), document: { kind: "RacksStopped", data: removed } };
  }
  const removed = await lab.stopRack(name, where);
  return { exit: 0, text: `Rack ${name} is gone.`, document: { kind: "RackStopped", data: { name, ...removed } } };
};

function allText({ racks, strayProcesses, strayGroups, strayFolders }: RemovedRacks): string {
  const lines = [
    ...racks.map((rack) => `Rack ${rack} is gone.`),
    ...strayFolders.map((folder) => `The log of ${folder}, which had not started, is gone.`),
    ...(strayProcesses === 0 ? [] : [`Processes of racks that were gone: ${strayProcesses} ended.`]),
    ...(strayGroups === 0 ? [] : [`Control groups of racks that were gone: ${strayGroups} removed.`]),
  ];
  return lines.length === 0 ? "There was nothing to remove." : lines.join("\n");
}
