import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Every bench in turn, each in a process of its own: `node bench/all.ts`. Ends with 1 when one of them failed. */
const benches = [
  "start",
  "apply",
  "bundle",
  "mirror",
  "package-open",
  "chart-render",
  "apply-500",
  "redeploy",
  "up",
  "contained",
] as const;

for (const bench of benches) {
  console.log(`\n## ${bench}\n`);
  const start = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, `${bench}.ts`)], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) process.exitCode = 1;
  console.log(`\n${bench}: ${code === 0 ? "" : "FAILED, "}${Math.round((performance.now() - start) / 1000)} s`);
}
