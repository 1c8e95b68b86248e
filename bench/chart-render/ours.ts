import { readFileSync } from "node:fs";
import { createChartEngine } from "../../src/deployer/charts/engine/index.ts";

/** Milliseconds of one process: the first render, with everything that has to be loaded for it, and the ones after it. */
export interface Told {
  readonly firstMs: number;
  readonly nextMs: readonly number[];
  /** Of the processor, all threads. */
  readonly firstCpuMs: number;
  readonly nextCpuMs: readonly number[];
  readonly manifest: string;
}

const [file = "", renders = "1"] = process.argv.slice(2);
const chart = readFileSync(file);
const { signal } = new AbortController();
const release = { name: "web", namespace: "default", revision: 1, isInstall: true, isUpgrade: false };

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const start = performance.now();
const startCpu = cpuMs();
const engine = createChartEngine();
const first = await engine.render({ chart, values: {}, release }, { signal });
const firstMs = performance.now() - start;
const firstCpuMs = cpuMs() - startCpu;

const nextMs: number[] = [];
const nextCpuMs: number[] = [];
for (let index = 0; index < Number(renders); index += 1) {
  const begin = performance.now();
  const beginCpu = cpuMs();
  await engine.render({ chart, values: { replicaCount: index }, release }, { signal });
  nextMs.push(performance.now() - begin);
  nextCpuMs.push(cpuMs() - beginCpu);
}
await engine.close();
console.log(JSON.stringify({ firstMs, nextMs, firstCpuMs, nextCpuMs, manifest: first.manifest } satisfies Told));
