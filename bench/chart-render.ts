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
const RENDERS = 60;
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

  const [first, next, theirs]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= count; round += 1) {
    const us = async () => {
      const { stdout } = await runMeasured([process.execPath, program, chart, String(RENDERS)]);
      return JSON.parse(stdout) as Told;
    };
    const them = () => runMeasured([helm, "template", "web", chart, "--skip-tests"], { env });
    const [told, real] =
      round % 2 === 0 ? [await us(), await them()] : await them().then(async (run) => [await us(), run] as const);
    if (real.stdout !== `${told.manifest.trim()}\n`) throw new Error("the engine and helm rendered two things");
    // The first round fills the page cache.
    if (round === 0) continue;
    first.push(told.firstMs);
    next.push(...told.nextMs.slice(WARM_UP));
    theirs.push(real.seconds * 1000);
  }
  const shell: number[] = [];
  for (let round = 0; round < count; round += 1) shell.push((await runMeasured(["true"])).seconds * 1000);
  const helmMs = median(theirs) - median(shell);

  const ms = (value: number): string => `${value.toFixed(value < 20 ? 1 : 0)} ms`;
  const against = `${ms(helmMs)} helm template`;
  printFigures([
    {
      figure: "first render, nothing loaded",
      ours: ms(median(first)),
      against,
      ratio: helmMs / median(first),
      goal: atMost(median(first), 350, "≤ 350 ms"),
    },
    {
      figure: "next render",
      ours: ms(median(next)),
      against,
      ratio: helmMs / median(next),
      goal: atMost(median(next), 15, "≤ 15 ms"),
    },
    {
      figure: "next render against helm",
      ours: ms(median(next)),
      against,
      ratio: helmMs / median(next),
      goal: atLeast(helmMs / median(next), 5, "≥ 5×"),
    },
  ]);
  console.log(
    `\n${count} alternating rounds, ${RENDERS - WARM_UP} next renders in each; ratio is helm / ours; helm's process is its whole cost, ours has already started.`,
  );
}
