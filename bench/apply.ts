import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureParts } from "../parts/index.ts";
import { testAuthority } from "../test/support/authority.ts";
import type { CallsRequest, RoadRequest, Told } from "./apply/ours.ts";
import { render } from "./apply/render.ts";
import { atMost, type Figure, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped, runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * What it costs us to render and apply the configs of 1, 32 and 500 nodes, and what the same calls cost Talos' own Go client:
 * `node bench/apply.ts [ROUNDS]`. The nodes are simulated machines in another process.
 */
const [job = "3"] = process.argv.slice(2);
const COUNTS = [1, 32, 500] as const;
const CONCURRENCY = 32;

if (job === "--machines") (await import("./apply/machines.ts")).serveMachines();
else await compare(Number(job));

async function compare(rounds: number): Promise<void> {
  console.log(describeMachine());
  const { "talos-peer": peer } = await ensureParts({ only: ["talos-peer"], signal: AbortSignal.timeout(600_000) });
  await using folder = await temporaryFolder();
  const ours = [process.execPath, await asShipped(join(import.meta.dirname, "apply", "ours.ts"), folder.path)];
  const machines = fork(import.meta.filename, ["--machines"]);
  try {
    const figures: Figure[] = [];
    for (const count of COUNTS)
      figures.push(...(await figuresFor(count, rounds, { machines, ours, peer: [peer, "bench"] })));
    printFigures(figures);
  } finally {
    machines.kill();
  }
  console.log(`
Medians of ${rounds} alternating rounds with fresh machines, ${CONCURRENCY} at a time. Processor seconds of the whole process, start
included. The calls: Version and ApplyConfiguration on a connection of their own to each; ratio is ours / Go.`);
}

interface Programs {
  readonly machines: ChildProcess;
  readonly ours: readonly string[];
  readonly peer: readonly string[];
}

async function figuresFor(count: number, rounds: number, programs: Programs): Promise<readonly Figure[]> {
  const secrets = await readFile(join(import.meta.dirname, "../test/fixtures/talos/secrets.yaml"), "utf8");
  const source = { site: siteOf(count), secrets, caPem: testAuthority().ca };
  const calls = { configs: await render(source), concurrency: CONCURRENCY };
  const seen = { road: [] as number[], generate: [] as number[], calls: [] as number[], peer: [] as number[] };
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const road = { ...source, concurrency: CONCURRENCY, endpoints: await fresh(programs, count) };
    const whole = await runOurs(programs, road);
    seen.road.push(whole.cpuSeconds);
    seen.generate.push(whole.told.generateCpuSeconds);
    peaks.push(whole.told.peakMiB);
    const ours = async () => {
      const { cpuSeconds } = await runOurs(programs, { ...calls, endpoints: await fresh(programs, count) });
      seen.calls.push(cpuSeconds);
    };
    const peers = async () => {
      const request = { ...calls, endpoints: await fresh(programs, count) } satisfies CallsRequest;
      const { stdout, cpuSeconds } = await runMeasured(programs.peer, { input: JSON.stringify([request]) });
      const [told] = JSON.parse(stdout) as readonly { readonly failed?: number; readonly first?: string }[];
      if (told?.failed !== 0) throw new Error(`the Go client failed: ${stdout}`);
      seen.peer.push(cpuSeconds);
    };
    for (const turn of round % 2 === 0 ? [ours, peers] : [peers, ours]) await turn();
  }
  const [road, own, peer] = [median(seen.road), median(seen.calls), median(seen.peer)];
  const nodes = count === 1 ? "1 node" : `${count} nodes`;
  const isGoal = count === Math.max(...COUNTS);
  const seconds = (value: number): string => `${value.toFixed(2)} s`;
  return [
    {
      figure: `${nodes}: render and apply, processor`,
      ours: `${seconds(road)} (rendering ${seconds(median(seen.generate))})`,
      ...(isGoal ? { goal: atMost(road, 10, "≤ 10 s") } : {}),
    },
    {
      figure: `${nodes}: the calls alone, processor`,
      ours: seconds(own),
      against: `${seconds(peer)} Go`,
      ratio: own / peer,
      ...(isGoal ? { goal: atMost(own / peer, 1.5) } : {}),
    },
    {
      figure: `${nodes}: render and apply, peak memory`,
      ours: `${median(peaks)} MiB`,
      ...(isGoal ? { goal: atMost(median(peaks) * 1.048576, 600, "≤ 600 MB") } : {}),
    },
  ];
}

async function runOurs(
  { ours }: Programs,
  request: CallsRequest | RoadRequest,
): Promise<{ readonly cpuSeconds: number; readonly told: Told }> {
  const { stdout, cpuSeconds } = await runMeasured(ours, { input: JSON.stringify(request) });
  const told = JSON.parse(stdout) as Told;
  if (told.failed > 0) throw new Error(`${told.failed} nodes were not configured`);
  return { cpuSeconds, told };
}

/** Machines in maintenance that nobody has spoken to yet. */
async function fresh({ machines }: Programs, count: number): Promise<readonly string[]> {
  machines.send(count);
  const [endpoints] = (await once(machines, "message")) as [readonly string[]];
  return endpoints;
}

function siteOf(count: number): string {
  const nodes = Array.from({ length: count }, (_, index) => {
    const role = index < Math.min(3, count) ? "controlplane" : "worker";
    return `  - {name: node-${index}, role: ${role}, address: 10.5.${index >> 7}.${(index & 127) + 2}, disk: {path: /dev/sda}}`;
  });
  return `apiVersion: skerry.dev/v1alpha1
kind: Site
name: bench
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.200.1
nodes:
${nodes.join("\n")}
`;
}
