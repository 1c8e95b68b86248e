import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lookAtEtcd } from "../../src/journeys/etcd-sight.ts";
import { withAdmin } from "../../src/journeys/node-sights.ts";
import { realPorts } from "../../src/journeys/real-ports.ts";
import { loadSiteKeys } from "../../src/journeys/site-keys.ts";
import { connectCluster, readiness } from "../../src/kube/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { isOperatorError } from "../../src/lib/errors/index.ts";
import { loadSite } from "../../src/site/index.ts";
import type { ContainedSight } from "./contained-faults.ts";

/**
 * Run in the network of a rack's laptop: says as JSON what is true of its machines, asked of Kubernetes, etcd and the machines themselves.
 * Arguments: the rack's site.yaml and its state folder.
 */
const [siteFile = "", stateFolder = ""] = process.argv.slice(2);
const signal = AbortSignal.timeout(30_000);
const site = await loadSite(siteFile);
const keys = await loadSiteKeys(site, systemClock);
if (keys === undefined) throw new Error("the rack's site has no secrets");

async function kubernetesNodes(): Promise<readonly string[]> {
  const kubeconfigYaml = await readFile(join(stateFolder, "kubeconfig"), "utf8").catch(() => undefined);
  if (kubeconfigYaml === undefined) return [];
  const cluster = connectCluster({ kubeconfigYaml });
  try {
    const { items } = await cluster.list({ apiVersion: "v1", kind: "Node" }, { signal });
    return items.map((node) => `${node.metadata.name} ${readiness(node).status}`).sort();
  } catch (error) {
    if (isOperatorError(error)) return [];
    throw error;
  } finally {
    await cluster.close();
  }
}

async function imagesOn(node: (typeof site.nodes)[number]): Promise<readonly string[] | undefined> {
  try {
    return await withAdmin(node, keys as NonNullable<typeof keys>, realPorts, async (client) =>
      (await Promise.all((["system", "cri"] as const).map((store) => client.imageList(store, { signal })))).flatMap(
        (images) => images.map(({ name }) => name),
      ),
    );
  } catch (error) {
    if (isOperatorError(error)) return undefined;
    throw error;
  }
}

const etcd = await lookAtEtcd(site, keys, { signal, ports: realPorts });
const lists = etcd.map(({ members }) => {
  const sorted = [...members].sort((a, b) => a.hostname.localeCompare(b.hostname));
  const names = sorted.map(({ hostname, isLearner }) => `${hostname}${isLearner ? " (learner)" : ""}`);
  return [String(sorted.map(({ id }) => id)), names.join(" ")] as const;
});
const sight: ContainedSight = {
  nodes: await kubernetesNodes(),
  etcd: [...new Map(lists).values()],
  images: Object.fromEntries(
    await Promise.all(site.nodes.map(async (node) => [node.name, await imagesOn(node)] as const)),
  ),
};
console.log(JSON.stringify(sight));
