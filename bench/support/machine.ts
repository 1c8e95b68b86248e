import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/** First line of every bench: what the figures below were measured on, and whether anything else was running. */
export function describeMachine(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = `load ${(loadavg()[0] ?? 0).toFixed(1)} at the start`;
  return [
    `${model}, ${availableParallelism()} cores`,
    memory,
    `${type()} ${release()}`,
    `Node ${process.version}`,
    load,
  ].join(" · ");
}
