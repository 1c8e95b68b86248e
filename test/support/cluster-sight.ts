import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lookAtEtcd } from "../../src/journeys/etcd-sight.ts";
import { realPorts } from "../../src/journeys/real-ports.ts";
import { loadSiteKeys } from "../../src/journeys/site-keys.ts";
import { connectCluster, readiness } from "../../src/kube/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { loadSite } from "../../src/site/index.ts";
import type { DemoRack } from "./demo-site.ts";

/** What is true of a rack's cluster, asked of Kubernetes and etcd and not of Skerry's memory. */
export interface ClusterSight {
  /** "cp-1 current", by name */
  readonly nodes: readonly string[];
  /** The voting members' names, one entry per etcd cluster that a control plane tells of. */
  readonly etcd: readonly string[];
  /** Whether Deployment demo/web is Available. */
  readonly workload: string;
}

export async function lookAtCluster(
  rack: Pick<DemoRack, "siteFile" | "stateFolder">,
  options: { readonly signal: AbortSignal },
): Promise<ClusterSight> {
  const site = await loadSite(rack.siteFile);
  const keys = await loadSiteKeys(site, systemClock);
  if (keys === undefined) throw new Error("the rack's site has no secrets");
  const cluster = connectCluster({ kubeconfigYaml: await readFile(join(rack.stateFolder, "kubeconfig"), "utf8") });
  try {
    const nodes = await cluster.list({ apiVersion: "v1", kind: "Node" }, options);
    const web = { apiVersion: "apps/v1", kind: "Deployment", namespace: "demo", name: "web" };
    const etcd = await lookAtEtcd(site, keys, { ...options, ports: realPorts });
    const lists = etcd.map(({ members }) => {
      const voting = members.filter((member) => !member.isLearner).sort((a, b) => a.hostname.localeCompare(b.hostname));
      return [String(voting.map((member) => member.id)), voting.map((member) => member.hostname).join(" ")] as const;
    });
    return {
      nodes: nodes.items.map((node) => `${node.metadata.name} ${readiness(node).status}`).sort(),
      // By member ids: two clusters whose members have the same names are two entries.
      etcd: [...new Map(lists).values()],
      workload: readiness(await cluster.get(web, options)).status,
    };
  } finally {
    await cluster.close();
  }
}
