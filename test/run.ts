import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The whole test command: gates, real parts, then every kind of test in turn. `node test/run.ts [STAGE…]` runs some of it. */
interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  readonly vitest?: boolean;
}

const bin = (name: string) => join("node_modules", ".bin", name);
const vitest = (project: string): Stage => ({
  name: project,
  command: [bin("vitest"), "run", "--project", project],
  vitest: true,
});

const stages: readonly Stage[] = [
  { name: "types", command: [bin("tsc"), "--noEmit", "-p", "."] },
  { name: "lint", command: ["npm", "run", "--silent", "lint"] },
  { name: "drift", command: ["npm", "run", "--silent", "drift"] },
  { name: "build", command: ["npm", "run", "--silent", "build"] },
  vitest("unit"),
  { name: "parts", command: [process.execPath, "parts/build.ts"] },
  vitest("contract"),
  vitest("e2e"),
  vitest("real"),
];
/** Not part of the gate, whose time is bounded: contained racks with faults, and killed again and again. */
const onDemand: readonly Stage[] = [vitest("long")];

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const started = Date.now();
const chosen = process.argv.slice(2);
const all = [...stages, ...onDemand];
const unknown = chosen.filter((name) => !all.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`no stage named ${unknown.join(", ")}; there are ${all.map((stage) => stage.name).join(", ")}`);
  process.exit(2);
}

const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
const broken: string[] = [];
for (const stage of chosen.length > 0 ? all : stages) {
  if (chosen.length > 0 && !chosen.includes(stage.name)) continue;
  // A broken gate is told, and the rest still runs: one run shows everything that is wrong.
  if (!(await run(stage))) broken.push(stage.name);
}
console.log(
  `\n${((Date.now() - started) / 1000).toFixed(0)} s in all${broken.length > 0 ? `; broken: ${broken.join(", ")}` : ""}`,
);
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
if (chosen.length === 0) {
  for (const { name } of onDemand)
    console.log(`not run: ${name}, which takes a quarter of an hour; node test/run.ts ${name}`);
}
process.exitCode = broken.length > 0 ? 1 : 0;

async function run(stage: Stage): Promise<boolean> {
  const start = Date.now();
  console.log(`\n── ${stage.name}`);
  const folder = mkdtempSync(join(tmpdir(), "skerry-test-"));
  const report = join(folder, "report.json");
  const extra = stage.vitest === true ? ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : [];
  const [program = "", ...args] = stage.command;
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(program, [...args, ...extra], { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (exit, signal) => resolve(exit ?? (signal === null ? 1 : 128)));
  });
  if (stage.vitest === true) count(report);
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `── ${stage.name}: ${code === 0 ? "ok" : `exit ${code}`} (${((Date.now() - start) / 1000).toFixed(1)} s)`,
  );
  return code === 0;
}

function count(report: string): void {
  const result: unknown = JSON.parse(readFileSync(report, "utf8"));
  if (typeof result !== "object" || result === null) throw new Error("vitest wrote no report");
  const number = (key: string) => Number((result as Record<string, unknown>)[key] ?? 0);
  tally.passed += number("numPassedTests");
  tally.failed += number("numFailedTests");
  tally.skipped += number("numPendingTests") + number("numTodoTests");
}
