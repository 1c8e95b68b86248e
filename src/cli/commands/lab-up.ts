import { resolve } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Call, Handler } from "../command.ts";
import { stateFolderOf } from "../folders.ts";
import { worldOf } from "../world.ts";

/** `skerry lab up [NAME]` */
export const labUp: Handler = async (call) => {
  const lab = await import("../../lab/index.ts");
  const { loadSite } = await import("../../site/index.ts");
  const siteFile = resolve(call.workingFolder, call.flags.site ?? "site.yaml");
  const name = call.args[0] ?? (await loadSite(siteFile)).name;
  const common = { stateDir: stateFolderOf(call), supervisor: supervisorOf(call), signal: call.signal };
  const { kubernetes, fault } = call.flags;
  const faults = fault.map((text) => faultOf(text, lab.FaultSchema));
  const isStopped = lab.listRacks(common.stateDir).some((rack) => rack.name === name && !rack.running);
  worldOf(call).notice(`Starting the machines of rack ${name}`);
  const rack = isStopped
    ? await lab.resumeRack(name, common)
    : await lab.startRack({ ...common, siteFile, name, kubernetes, faults });
  const count = rack.status.machines.length;
  return {
    exit: 0,
    text: [
      `Rack ${rack.name} is up: ${count === 1 ? "1 machine" : `${count} machines`}, endpoint ${rack.status.endpoint}`,
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

interface Schema<T> {
  readonly safeParse: (value: unknown) => { readonly success: boolean; readonly data?: T | undefined };
}

/** How a fault's last word is named, by its kind. */
const details: Readonly<Record<string, { readonly key: string; readonly isNumber: boolean }>> = {
  "drop-connections": { key: "count", isNumber: true },
  "slow-disk": { key: "factor", isNumber: true },
  "lose-power": { key: "at", isNumber: false },
};

/** "lose-power=cp-1:installing" as a fault. */
function faultOf<T>(text: string, schema: Schema<T>): T {
  const [, kind = "", node = "", how] = /^([a-z-]+)=([^:=]+)(?::(.+))?$/.exec(text) ?? [];
  const detail = details[kind];
  const value = detail === undefined || how === undefined ? {} : { [detail.key]: detail.isNumber ? Number(how) : how };
  const { data } = schema.safeParse({ kind, node, ...value });
  if (data !== undefined && (detail !== undefined || how === undefined)) return data;
  throw new OperatorError("USAGE_INVALID", `--fault ${text}: this is no fault`, {
    next: [
      "--fault dead=w-1   never answers; also wrong-serial=NODE and refuse-install=NODE",
      "--fault drop-connections=w-1:3   cuts that many; also slow-disk=NODE:FACTOR",
      "--fault lose-power=cp-1:installing   also applying, rebooting, booting, running",
    ],
  });
}
