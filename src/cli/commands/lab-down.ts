import type { Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";

/** `skerry lab down NAME` */
export const labDown: Handler = async (call) => {
  const lab = await import("../../lab/index.ts");
  const [name = ""] = call.args;
  await lab.stopRack(name, { stateDir: stateFolderOf(call), signal: call.signal });
  return { exit: 0, text: `Rack ${name} is gone.`, document: { kind: "RackStopped", data: { name } } };
};
