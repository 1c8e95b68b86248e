import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { enterRack, type InteriorKind, listRacks, startRack, stopRack } from "../../../src/lab/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { BehavioursRequest } from "./behaviours/main.ts";
import type { Observation } from "./behaviours/observe.ts";

/** Every way of being inside a machine; suites about what a machine does run once for each. */
export const interiors: readonly InteriorKind[] = ["modelled", "contained"];

/** Where a rack's laptop is. */
const laptops: Readonly<Record<InteriorKind, string>> = { modelled: "127.5.0.1", contained: "10.5.0.1" };

const site = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: lone
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.2
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
`;

const quick = { bootMs: 100, installMs: 200, rebootMs: 100, drainMs: 500 };

/**
 * Starts a rack of one control plane, lets an operator in its network do everything once, and ends it.
 *
 * @returns what was seen, by step
 * @throws Error with what the operator's process said when it did not get to the end
 */
export async function observeBehaviours(
  interior: InteriorKind,
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, unknown>> {
  await using folder = await temporaryFolder();
  const stateDir = folder.path;
  const siteFile = join(stateDir, "site.yaml");
  await writeFile(siteFile, site);
  try {
    const rack = await startRack({ siteFile, stateDir, interior, timings: quick, signal });
    const [node] = rack.status.machines;
    if (node === undefined) throw new Error("a rack without a machine");
    const request = { node, endpoint: rack.status.endpoint, laptopAddress: laptops[interior] };
    return await runInside(join(stateDir, "racks", rack.name), request, signal);
  } finally {
    for (const { name } of listRacks(stateDir)) await stopRack(name, { stateDir, signal: AbortSignal.timeout(60_000) });
  }
}

async function runInside(
  rackFolder: string,
  request: BehavioursRequest,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, unknown>> {
  const entry = enterRack(rackFolder, process.env);
  const main = join(import.meta.dirname, "behaviours", "main.ts");
  const [program = process.execPath, ...args] = [...entry.through, process.execPath, main, JSON.stringify(request)];
  const child = spawn(program, args, {
    env: { ...process.env, ...entry.env },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const [said, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    }),
  ]);
  const observations = said
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Observation);
  if (code !== 0)
    throw new Error(`the operator stopped after "${observations.at(-1)?.step ?? "nothing"}":\n${complaint}\n${said}`);
  return new Map(observations.map(({ step, saw }) => [step, saw]));
}
