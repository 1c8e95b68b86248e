import type { Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";
import { worldOf } from "../world.ts";

/** `skerry lab down NAME` */
export const labDown: Handler = async (call) => {
  const lab = await import("../../lab/index.ts");
  const rack = { name: call.args[0] ?? "", stateFolder: stateFolderOf(call) };
  const data = await lab.stopRack(rack, { signal: call.signal, notice: worldOf(call).notice });
  return { exit: 0, text: `Rack ${rack.name} is gone.`, document: { kind: "RackStopped", data } };
};
