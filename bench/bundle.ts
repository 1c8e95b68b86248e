import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, open, rm } from "node:fs/promises";
import { request } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ensureParts } from "../parts/index.ts";
import { startRegistry } from "../parts/registry-process.ts";
import type { Told } from "./bundle/work.ts";
import { atLeast, atMost, type Figure, median, printFigures } from "./support/figures.ts";
import { type Layer, pushImages } from "./support/images.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped, type Measured, runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * Making, checking and opening a bundle against what the machine can do: `node bench/bundle.ts [GIGABYTES] [FOLDER]`, default 2
 * under the system's temporary folder. Each measurement is a process of its own, so that its memory is its own.
 */
const [gigabytes = "2", under = tmpdir()] = process.argv.slice(2);
const ROUNDS = 3;
const CREATE_GOAL_MBPS = 400;

console.log(describeMachine());
const signal = AbortSignal.timeout(600_000);
const cores = availableParallelism();
const { registry: binary } = await ensureParts({ only: ["registry"], signal });
await using temporary = await temporaryFolder(under);
const folder = temporary.path;
const program = await asShipped(join(import.meta.dirname, "bundle", "work.ts"), folder);
const file = join(folder, "windpark.bundle.tar");

const storageDir = join(folder, "registry");
await mkdir(storageDir);
const registry = await startRegistry({ binary, storageDir, signal });
const apiRoot = `${registry.url}/v2`;
const making = async () => {
  const megabytes = Number(gigabytes) * 1000;
  const { references, layers } = await pushImages(apiRoot, { megabytes, signal });
  const megas = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6;
  const sourceMBps = megas / (await drainAll(layers));
  const diskMBps = megas / (await writeAndSync(join(folder, "raw"), megas));
  const made = await tell(["create", apiRoot, folder, ...references]);
  return { megas, bound: Math.min(sourceMBps, diskMBps), sourceMBps, diskMBps, made };
};
const { megas, bound, sourceMBps, diskMBps, made } = await making().finally(registry.stop);

// Checked from the page cache, by both: it is the hashing that is compared.
const verified: Told[] = [];
const openssl: { readonly seconds: number; readonly cpuSeconds: number }[] = [];
await opensslEverywhere();
for (let round = 0; round < ROUNDS; round += 1) {
  const turns = [
    async () => void verified.push(await tell(["verify", file])),
    async () => void openssl.push(await opensslEverywhere()),
  ];
  for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
}
const opened: Told[] = [];
for (let round = 0; round < ROUNDS; round += 1) opened.push(await tell(["open", file]));

const createMBps = megas / made.seconds;
const verifyMBps = megas / median(verified.map(({ seconds }) => seconds));
const opensslMBps = (cores * megas) / median(openssl.map(({ seconds }) => seconds));
const verifyCost = median(verified.map(({ cpuSeconds }) => cpuSeconds)) / (megas / 1000);
const opensslCost = median(openssl.map(({ cpuSeconds }) => cpuSeconds)) / (megas / 1000) / cores;
const openMs = median(opened.map(({ seconds }) => seconds)) * 1000;
const speed = (value: number): string => `${Math.round(value)} MB/s`;
const cost = (value: number): string => `${value.toFixed(2)} s per GB`;
const memory = (figure: string, peaks: readonly number[]): Figure => ({
  figure,
  ours: `${Math.max(...peaks)} MiB`,
  goal: atMost(Math.max(...peaks) * 1.048576, 150, "≤ 150 MB"),
});
printFigures([
  {
    figure: "create",
    ours: speed(createMBps),
    against: `${speed(bound)} slower of source and disk`,
    ratio: createMBps / bound,
    goal: atLeast(createMBps, Math.min(CREATE_GOAL_MBPS, 0.8 * bound), "≥ 400 MB/s, or 0.8 of what they allow"),
  },
  { figure: "create, processor", ours: cost(made.cpuSeconds / (megas / 1000)) },
  memory("create, peak memory", [made.peakMiB]),
  {
    figure: "verify",
    ours: speed(verifyMBps),
    against: `${speed(opensslMBps)} ${cores} × openssl dgst`,
    ratio: verifyMBps / opensslMBps,
    goal: atLeast(verifyMBps / opensslMBps, 0.8),
  },
  {
    figure: "verify, processor",
    ours: cost(verifyCost),
    against: `${cost(opensslCost)} openssl`,
    ratio: opensslCost / verifyCost,
  },
  memory(
    "verify, peak memory",
    verified.map(({ peakMiB }) => peakMiB),
  ),
  {
    figure: "open to the first bytes of a layer",
    ours: `${Math.round(openMs)} ms`,
    goal: atMost(openMs, 1000, "≤ 1 s"),
  },
]);
console.log(`
${(megas / 1000).toFixed(1)} GB that no compression shrinks, in 8 images. Source alone (registry:3 on loopback, four connections) ${speed(sourceMBps)},
disk alone (write and sync) ${speed(diskMBps)}. openssl: one process per core at the same time, each over the whole file. Medians of
${ROUNDS} alternating rounds, create once. Ratio: ours / limit; of the processor, openssl / ours.`);

async function tell(args: readonly string[]): Promise<Told> {
  const { stdout } = await runMeasured([process.execPath, program, ...args]);
  return JSON.parse(stdout) as Told;
}

async function opensslEverywhere(): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const runs: readonly Measured[] = await Promise.all(
    Array.from({ length: cores }, () => runMeasured(["openssl", "dgst", "-sha256", file])),
  );
  return {
    seconds: Math.max(...runs.map(({ seconds }) => seconds)),
    cpuSeconds: runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

/** Seconds to fetch every layer with four bare connections and throw it away: what the source can give. */
async function drainAll(layers: readonly Layer[]): Promise<number> {
  const left = [...layers];
  const start = performance.now();
  const drain = async (): Promise<void> => {
    for (let layer = left.pop(); layer !== undefined; layer = left.pop()) {
      const sent = request(`${apiRoot}/${layer.repository}/blobs/${layer.digest}`).end();
      const [response] = await once(sent, "response");
      response.on("data", () => undefined);
      await once(response, "end");
    }
  };
  await Promise.all([drain(), drain(), drain(), drain()]);
  return (performance.now() - start) / 1000;
}

/** Seconds to write so many megabytes and have them on the disk. */
async function writeAndSync(path: string, megabytes: number): Promise<number> {
  const chunk = randomBytes(4e6);
  const start = performance.now();
  const handle = await open(path, "w");
  for (let written = 0; written < megabytes; written += 4) await handle.write(chunk);
  await handle.sync();
  await handle.close();
  const seconds = (performance.now() - start) / 1000;
  await rm(path);
  return seconds;
}
