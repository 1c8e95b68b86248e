import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureChartEngine, ensureParts } from "../parts/index.ts";
import type { Told } from "./chart-render/ours.ts";
import { atLeast, atMost, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped, runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** The chart that `helm create` makes, rendered by the engine and by `helm template`: `node bench/chart-render.ts [ROUNDS]`. */
const [rounds = "9"] = process.argv.slice(2);
/** The compiler of WebAssembly gets to the functions that matter during the first ones. */
const RENDERS = 80;
const WARM_UP = 20;
const { signal } = new AbortController();

await compare(Number(rounds));

async function compare(count: number): Promise<void> {
  console.log(describeMachine());
  const engine = await ensureChartEngine({ signal });
  const { helm } = await ensureParts({ only: ["helm"], signal });
  await using folder = await temporaryFolder();
  const file = (name: string) => join(folder.path, name);
  // As in dist/: the engine and the script of its thread lie beside the program.
  const root = join(import.meta.dirname, "..");
  await copyFile(
    await asShipped(join(root, "src/deployer/charts/engine/worker.ts"), file("worker")),
    file("chart-engine-worker.js"),
  );
  await copyFile(engine, file("chart-engine.wasm.zst"));
  await writeFile(file("package.json"), '{"type":"module"}');
  const program = await asShipped(join(import.meta.dirname, "chart-render", "ours.ts"), folder.path);

  const env = { PATH: process.env["PATH"], HOME: folder.path };
  await runMeasured([helm, "create", file("web")], { env, isQuiet: true });
  await runMeasured([helm, "package", file("web"), "-d", folder.path], { env, isQuiet: true });
  const chart = file("web-0.1.0.tgz");

  const told: Told[] = [];
  const theirs: { wall: number; cpu: number }[] = [];
  for (let round = 0; round <= count; round += 1) {
    const us = async (): Promise<Told> =>
      JSON.parse((await runMeasured([process.execPath, program, chart, String(RENDERS)])).stdout) as Told;
    const them = () => runMeasured([helm, "template", "web", chart, "--skip-tests"], { env });
    const ours = round % 2 === 0 ? await us() : undefined;
    const real = await them();
    const one = ours ?? (await us());
    if (real.stdout !== `${one.manifest.trim()}\n`) throw new Error("the engine and helm rendered two things");
    // The first round fills the page cache.
    if (round === 0) continue;
    told.push(one);
    theirs.push({ wall: real.seconds * 1000, cpu: real.cpuSeconds * 1000 });
  }
  const shell: number[] = [];
  for (let round = 0; round < count; round += 1) shell.push((await runMeasured(["true"])).seconds * 1000);
  const wall = median(theirs.map((one) => one.wall)) - median(shell);
  const cpu = median(theirs.map((one) => one.cpu));
  const first = median(told.map((one) => one.firstMs));
  const next = median(told.flatMap((one) => one.nextMs.slice(WARM_UP)));
  const firstCpu = median(told.map((one) => one.firstCpuMs));
  const nextCpu = median(told.flatMap((one) => one.nextCpuMs.slice(WARM_UP)));

  const ms = (value: number): string => `${value.toFixed(value < 20 ? 1 : 0)} ms`;
  const row = (figure: string, ours: number, helmMs: number) => ({
    figure,
    ours: ms(ours),
    against: `${ms(helmMs)} helm template`,
    ratio: helmMs / ours,
  });
  printFigures([
    { ...row("first render, nothing loaded, wall", first, wall), goal: atMost(first, 350, "≤ 350 ms") },
    { ...row("next render, wall", next, wall), goal: atMost(next, 15, "≤ 15 ms") },
    { ...row("next render, ratio of wall", next, wall), goal: atLeast(wall / next, 5, "≥ 5×") },
    row("first render, nothing loaded, processor", firstCpu, cpu),
    row("next render, processor", nextCpu, cpu),
  ]);
  console.log(
    `\n${count} alternating rounds, ${RENDERS - WARM_UP} next renders in each; ratio is helm / ours. A process of helm's renders once; ours has started before.`,
  );
}
