import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { ChartEngine } from "../../src/deployer/charts/engine/index.ts";
import { deployRelease } from "../../src/deployer/charts/releases/index.ts";
import { connectCluster } from "../../src/kube/index.ts";
import { systemClock } from "../../src/lib/clock.ts";

/** What is to be deployed, one release after the other. */
export interface DeployRequest {
  readonly kubeconfigPath: string;
  readonly releases: readonly { readonly name: string; readonly namespace: string; readonly manifestPath: string }[];
}

export interface Told {
  readonly outcomes: readonly string[];
  /** From the first request to the last answer, without the start of the process. */
  readonly seconds: number;
}

/** Reads a request from stdin, deploys, waits until everything is ready, and tells in one line. */
async function work(): Promise<void> {
  const { kubeconfigPath, releases } = JSON.parse(await text(process.stdin)) as DeployRequest;
  const cluster = connectCluster({ kubeconfigYaml: await readFile(kubeconfigPath, "utf8") });
  const outcomes: string[] = [];
  const start = performance.now();
  for (const { name, namespace, manifestPath } of releases) {
    const { outcome } = await deployRelease({
      cluster,
      // Verbatim manifests are rendered without it.
      engine: {} as ChartEngine,
      clock: systemClock,
      signal: new AbortController().signal,
      name,
      namespace,
      render: { chartName: `raw-${name}`, files: [{ path: "all.yaml", text: await readFile(manifestPath, "utf8") }] },
      serverSideApply: "true",
      noWait: false,
      timeoutMs: 120_000,
      maxHistory: 10,
      takeOwnership: false,
      forceConflicts: false,
    });
    outcomes.push(outcome);
  }
  const seconds = (performance.now() - start) / 1000;
  await cluster.close();
  console.log(JSON.stringify({ outcomes, seconds } satisfies Told));
}

await work();
