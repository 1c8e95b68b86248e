import { readFileSync } from "node:fs";
import { labConfig, labIdentity } from "./machine.ts";
import { connectNode } from "../../../src/talos/api/index.ts";
import pLimit from "p-limit";
const n = Number(process.argv[2] ?? 500);
const config = labConfig(); const worker = labConfig({ role: "worker" });
const signal = new AbortController().signal;
const cpu0 = process.cpuUsage(); const t0 = Date.now();
const limit = pLimit(32); let failed = 0;
await Promise.all(Array.from({ length: n }, (_, i) => limit(async () => {
  const c = connectNode({ node: `n-${i}`, address: `127.0.${40 + Math.floor(i / 250)}.${1 + (i % 250)}`, identity: { kind: "maintenance" } });
  try { await c.version({ signal }); await c.applyConfiguration({ config: i < 3 ? config : worker, redact: (t) => t }, { signal, deadlineMs: 60000 }); } catch (e) { failed++; if (failed === 1) console.log(e); } finally { c.close(); }
})));
const cpu = process.cpuUsage(cpu0);
console.log("apply ms", Date.now() - t0, "cpu ms", (cpu.user + cpu.system) / 1000, "failed", failed, "rss", Math.round(process.memoryUsage.rss() / 1e6));
if (process.argv[3] === "go") process.exit(0);
await new Promise((r) => setTimeout(r, 6000));
const identity = labIdentity();
const t1 = Date.now(); const cpu1 = process.cpuUsage(); failed = 0;
await Promise.all(Array.from({ length: n }, (_, i) => limit(async () => {
  const c = connectNode({ node: `n-${i}`, address: `127.0.${40 + Math.floor(i / 250)}.${1 + (i % 250)}`, identity });
  try { await c.machineStatus({ signal, deadlineMs: 30000 }); } catch (e) { failed++; if (failed === 1) console.log((e as Error).message); } finally { c.close(); }
})));
const cpu2 = process.cpuUsage(cpu1);
console.log("status ms", Date.now() - t1, "cpu ms", (cpu2.user + cpu2.system) / 1000, "failed", failed);
process.exit(0);
