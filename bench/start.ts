import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { atMost, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** How soon the built command line says something: `node bench/start.ts`. Builds `dist/` first. */
const ROUNDS = 25;

console.log(describeMachine());
execFileSync(process.execPath, ["src/cli/build.ts"], { stdio: "inherit" });
await using folder = await temporaryFolder();
const nothing = join(folder.path, "nothing.mjs");
await writeFile(nothing, "");
const commands = {
  help: [resolve("dist/skerry.js"), "--help"],
  version: [resolve("dist/skerry.js"), "version"],
  bare: [nothing],
};

const wall = { help: [] as number[], version: [] as number[], bare: [] as number[] };
const cpu = { help: [] as number[], version: [] as number[], bare: [] as number[] };
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const name of ["bare", "help", "version"] as const) {
    const { seconds, cpuSeconds } = await runMeasured([process.execPath, ...commands[name]]);
    // The first of each fills the page cache.
    if (round === 0) continue;
    wall[name].push(seconds * 1000);
    cpu[name].push(cpuSeconds * 1000);
  }
}

// The shell that watches the time takes some itself; an empty command tells how much.
const shell: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) shell.push((await runMeasured(["true"])).seconds * 1000);
const own = median(shell);

const ms = (value: number): string => `${Math.round(value)} ms`;
const row = (figure: string, name: "help" | "version", goalMs: number) => {
  const ours = median(wall[name]) - own;
  const bare = median(wall.bare) - own;
  return {
    figure,
    ours: ms(ours),
    against: `${ms(bare)} bare Node`,
    ratio: ours / bare,
    goal: atMost(ours, goalMs, `< ${goalMs} ms`),
  };
};
printFigures([
  row("skerry --help, wall, median", "help", 80),
  row("skerry version, wall, median", "version", 80),
  {
    figure: "skerry --help, processor, median",
    ours: ms(median(cpu.help)),
    against: `${ms(median(cpu.bare))} bare Node`,
    ratio: median(cpu.help) / median(cpu.bare),
  },
]);
console.log(`\n${ROUNDS} alternating rounds; ratio is ours / bare.`);
