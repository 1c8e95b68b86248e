import { resolve } from "node:path";
import type { StartedRack } from "../../lab/index.ts";
import type { Call, Handler } from "../command.ts";
import { faultOf } from "../faults.ts";
import { stateFolderOf } from "../folders.ts";
import { interiorOf } from "../interior.ts";
import { worldOf } from "../world.ts";

/** `skerry lab up [NAME]` */
export const labUp: Handler = async (call) => {
  const lab = await import("../../lab/index.ts");
  const { loadSite } = await import("../../site/index.ts");
  const siteFile = resolve(call.workingFolder, call.flags.site ?? "site.yaml");
  const name = call.args[0] ?? (await loadSite(siteFile)).name;
  const common = { stateDir: stateFolderOf(call), supervisor: supervisorOf(call), signal: call.signal };
  const { kubernetes, fault } = call.flags;
  const interior = interiorOf(call);
  const faults = fault.map((text) => faultOf(text, lab.FaultSchema));
  const isStopped = lab.listRacks(common.stateDir).some((rack) => rack.name === name && !rack.running);
  worldOf(call).notice(`Starting the machines of rack ${name}`);
  const rack = isStopped
    ? await lab.resumeRack(name, common)
    : await lab.startRack({ ...common, siteFile, name, interior, env: call.environment, kubernetes, faults });
  const count = rack.status.machines.length;
  return {
    exit: 0,
    text: [
      `Rack ${rack.name} is up: ${count === 1 ? "1 machine" : `${count} machines`}, endpoint ${rack.status.endpoint}`,
      interiorText(rack),
      `Its site is ${rack.siteFile}`,
      "",
      `Next: skerry up --rack ${rack.name}${rack.status.kubernetes ? "" : " --until install"}`,
    ].join("\n"),
    document: { kind: "Rack", data: rack },
  };
};

/** This very program, as the process behind the rack; it is handed the rack's folder. */
function supervisorOf(call: Call): readonly [string, ...string[]] {
  const [program = process.execPath, ...script] = call.self;
  return [program, ...script, "lab", "supervise"];
}

function interiorText({ interior, reason }: StartedRack): string {
  if (interior === "contained") return "Its machines are contained: containerd, kubelet, etcd and pods are real";
  return `Its machines are modelled${reason === undefined ? "" : `, not contained: ${reason}`}`;
}
