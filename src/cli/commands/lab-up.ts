import { resolve } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";
import { worldOf } from "../world.ts";

/** `skerry lab up [NAME]` */
export const labUp: Handler = async (call) => {
  const lab = await import("../../lab/index.ts");
  const { loadSite } = await import("../../site/index.ts");
  const siteFile = resolve(call.workingFolder, call.flags.site ?? "site.yaml");
  const common = {
    name: call.args[0] ?? (await loadSite(siteFile)).name,
    stateFolder: stateFolderOf(call),
    // This very program is the process behind the rack.
    supervisor: [...call.self, "lab", "supervise"],
  };
  const { kubernetes, fault } = call.flags;
  const faults = fault.map((text) => lab.parseFault(text) ?? noFault(text));
  const options = { signal: call.signal, notice: worldOf(call).notice };
  const isDead = lab.listRacks(common.stateFolder).some((rack) => rack.name === common.name && rack.state === "dead");
  const rack = isDead
    ? await lab.resumeRack(common, options)
    : await lab.startRack({ ...common, siteFile, kubernetes, faults }, options);
  return {
    exit: 0,
    text: [
      `Rack ${rack.name} is up: ${rack.nodes === 1 ? "1 machine" : `${rack.nodes} machines`}, endpoint ${rack.status.endpoint}`,
      `Its site is ${rack.siteFile}`,
      "",
      `Next: skerry up --rack ${rack.name}`,
    ].join("\n"),
    document: { kind: "Rack", data: rack },
  };
};

function noFault(text: string): never {
  throw new OperatorError("USAGE_INVALID", `--fault ${text}: this is no fault`, {
    next: [
      "--fault dead=w-1   never answers; also wrong-serial=NODE and refuse-install=NODE",
      "--fault drop-connections=w-1:3   cuts that many; also slow-disk=NODE:FACTOR",
      "--fault lose-power=cp-1:installing   also applying, rebooting, booting, running",
    ],
  });
}
