import { existsSync } from "node:fs";
import { OperatorError } from "../../lib/errors/index.ts";
import { become } from "../become.ts";
import type { Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";

/** `skerry lab exec RACK -- COMMAND…` */
export const labExec: Handler = async (call) => {
  const [rack = "", ...command] = call.args;
  const stateDir = stateFolderOf(call);
  const lab = await import("../../lab/index.ts");
  if (!lab.listRacks(stateDir).some(({ name }) => name === rack)) {
    throw new OperatorError("LAB_RACK_UNKNOWN", `there is no rack ${rack} in ${stateDir}`, {
      next: ["skerry lab list"],
    });
  }
  const { folder } = lab.rackPaths(stateDir, rack);
  const { rackStateFolder, stateFiles } = await import("../../journeys/index.ts");
  const { kubeconfig, talosconfig } = stateFiles(rackStateFolder(stateDir, rack));
  const entry = lab.enterRack(folder, call.environment);
  return become(entry, command, {
    ...call.environment,
    ...existing({ KUBECONFIG: kubeconfig, TALOSCONFIG: talosconfig }),
  });
};

/** A rack that is not up yet has neither. */
function existing(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).filter(([, file]) => existsSync(file)));
}
