import type { LookOptions } from "../engine/index.ts";
import { type NodeRow, nodeRows } from "../look/node-rows.ts";
import { type WorkloadRow, workloadRows } from "../look/workload-rows.ts";
import { kubeconfigFile, talosconfigFile } from "../phases/fetch-kubeconfig.ts";
import { remembered, type UpContext } from "./context.ts";

export interface UpReport {
  readonly site: string;
  readonly endpoint: string;
  readonly nodes: readonly NodeRow[];
  readonly packages: readonly { readonly name: string; readonly version: string; readonly state: string }[];
  readonly workloads: readonly WorkloadRow[];
  /** Paths. */
  readonly kubeconfig: string;
  readonly talosconfig: string;
  readonly laptopNeeded: boolean;
  /** One sentence. */
  readonly laptopReason?: string;
  readonly mirror?: {
    readonly address: string;
    readonly requests: number;
    readonly imagesServed: number;
    readonly bytes: number;
  };
}

/** What is true at the end of `up`, asked and not remembered. */
export async function reportUp(context: UpContext, { signal }: LookOptions): Promise<UpReport> {
  const { site, stateFolder, memory, world } = context;
  const cluster = remembered(context, "cluster");
  const tally = memory.mirror?.tally();
  return {
    site: site.name,
    endpoint: cluster.server,
    nodes: await nodeRows(site, {
      keys: memory.keys,
      cluster,
      ports: context.ports,
      signal,
      concurrency: world.concurrency,
    }),
    packages: memory.packages ?? [],
    workloads: await workloadRows(cluster, { signal }),
    kubeconfig: kubeconfigFile(stateFolder),
    talosconfig: talosconfigFile(stateFolder),
    laptopNeeded: true,
    laptopReason: "no registry runs in the cluster yet, so nodes pull from this laptop's mirror (skerry mirror serve)",
    ...(tally === undefined
      ? {}
      : {
          mirror: {
            address: memory.mirrorUrl ?? "",
            requests: tally.requests,
            imagesServed: tally.images,
            bytes: tally.bytes,
          },
        }),
  };
}
