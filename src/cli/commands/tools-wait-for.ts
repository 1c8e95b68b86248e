import { homedir } from "node:os";
import type { Handler } from "../command.ts";
import { parseWaitArguments, waitUsage } from "../wait-arguments.ts";
import { worldOf } from "../world.ts";

/** `skerry tools wait-for …`, to which `./zarf tools wait-for` of packages' commands is handed. */
export const toolsWaitFor: Handler = async (call) => {
  const asked = parseWaitArguments(call.args);
  if (asked === undefined) return { exit: 0, text: waitUsage.join("\n") };
  const { waitForOne } = await import("../../journeys/index.ts");
  const { workingFolder, environment } = call;
  // Nothing on stdout: a package may keep the output of the command as a variable.
  await waitForOne({ ...asked, workingFolder, environment, home: environment["HOME"] ?? homedir() }, worldOf(call));
  return { exit: 0 };
};
