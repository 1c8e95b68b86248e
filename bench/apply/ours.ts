import { text } from "node:stream/consumers";
import pLimit from "p-limit";
import { connectNode } from "../../src/talos/api/index.ts";
import type { SiteSource } from "./render.ts";

/** The calls alone, with configs that are already there: what the Go program is asked. */
export interface CallsRequest {
  readonly endpoints: readonly string[];
  readonly configs: readonly string[];
  readonly concurrency: number;
}

/** The whole road from a site to applied configs. */
export interface RoadRequest extends SiteSource {
  readonly endpoints: readonly string[];
  readonly concurrency: number;
}

export interface Told {
  readonly failed: number;
  readonly peakMiB: number;
  /** Processor seconds for rendering, and from there on. */
  readonly generateCpuSeconds: number;
  readonly callsCpuSeconds: number;
}

/** Reads a request from stdin, does it, and tells in one line. */
async function work(): Promise<void> {
  const request = JSON.parse(await text(process.stdin)) as CallsRequest | RoadRequest;
  const start = cpuSeconds();
  const configs = "configs" in request ? request.configs : await (await import("./render.ts")).render(request);
  const generated = cpuSeconds();
  const failed = await applyAll({ ...request, configs });
  const told: Told = {
    failed,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    generateCpuSeconds: generated - start,
    callsCpuSeconds: cpuSeconds() - generated,
  };
  console.log(JSON.stringify(told));
}

/** Version, then ApplyConfiguration, on a connection of its own to each. @returns how many failed */
async function applyAll({ endpoints, configs, concurrency }: CallsRequest): Promise<number> {
  const signal = AbortSignal.timeout(60_000);
  const limit = pLimit(concurrency);
  const applied = await Promise.allSettled(
    endpoints.map((endpoint, index) =>
      limit(async () => {
        const [address = "", port] = endpoint.split(":");
        const node = `node-${index}`;
        const client = connectNode({ node, address, port: Number(port), identity: { kind: "maintenance" } });
        try {
          await client.version({ signal });
          const config = configs[index] ?? "";
          await client.applyConfiguration({ config, mode: "auto", redact: () => "" }, { signal });
        } finally {
          client.close();
        }
      }),
    ),
  );
  const failures = applied.filter((result) => result.status === "rejected");
  if (failures[0] !== undefined) console.error(failures[0].reason);
  return failures.length;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

if (import.meta.main) await work();
