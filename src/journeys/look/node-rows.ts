import pLimit from "p-limit";
import { type Cluster, type KubeObject, record } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { loadSite, type Site, type SiteNode } from "../../site/index.ts";
import { nodeReadiness } from "../node-readiness.ts";
import { lookAtNode, type NodeSight, withAdmin } from "../node-sights.ts";
import type { NodePorts } from "../ports.ts";
import { realPorts } from "../real-ports.ts";
import { loadSiteKeys, type SiteKeys } from "../site-keys.ts";
import type { JourneyWorld } from "../world.ts";

/** One machine in a table. */
export interface NodeRow {
  readonly name: string;
  readonly role: string;
  readonly address: string;
  /** Talos' own word (running, installing, …), or: maintenance, foreign (another cluster's), unreachable. */
  readonly stage: string;
  /** What Kubernetes says; absent where it was not or could not be asked. */
  readonly ready?: boolean;
  /** `v1.13.9` */
  readonly talos?: string;
  /** Version of its kubelet. */
  readonly kubernetes?: string;
  /** Why it is not as it should be. */
  readonly reason?: string;
}

/** The machines of a site, without asking Kubernetes. */
export async function nodesLook(
  request: { readonly siteFile: string },
  world: JourneyWorld,
): Promise<{ readonly site: string; readonly nodes: readonly NodeRow[] }> {
  const site = await loadSite(request.siteFile);
  const keys = await loadSiteKeys(site, world.clock);
  const nodes = await nodeRows(site, {
    keys,
    cluster: undefined,
    ports: world.ports ?? realPorts,
    signal: world.signal,
    concurrency: world.concurrency,
  });
  return { site: site.name, nodes };
}

/**
 * Every machine of a site as it is now; never throws for one that does not answer.
 *
 * @param options.keys - absent where the site has no secrets yet
 * @param options.cluster - absent where only the machines are asked
 */
export async function nodeRows(
  site: Site,
  options: {
    readonly keys: SiteKeys | undefined;
    readonly cluster: Cluster | undefined;
    readonly ports: NodePorts;
    readonly signal: AbortSignal;
    readonly concurrency: number;
  },
): Promise<readonly NodeRow[]> {
  const limit = pLimit(options.concurrency);
  const registered = await registeredNodes(options.cluster, options.signal);
  return await Promise.all(
    site.nodes.map((node) =>
      limit(async () => {
        const sight = await lookAtNode(node, options.keys, options);
        const talos = await talosVersion(node, sight, options);
        return rowOf(node, sight, talos, registered?.get(node.name), registered !== undefined);
      }),
    ),
  );
}

async function registeredNodes(
  cluster: Cluster | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject> | undefined> {
  if (cluster === undefined) return undefined;
  try {
    const { items } = await cluster.list({ apiVersion: "v1", kind: "Node" }, { signal });
    return new Map(items.map((item) => [item.metadata.name ?? "", item]));
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return undefined;
    throw error;
  }
}

/** In maintenance a machine tells nobody its version without being asked for more; then it is left out. */
async function talosVersion(
  node: SiteNode,
  sight: NodeSight,
  options: { readonly keys: SiteKeys | undefined; readonly ports: NodePorts; readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (sight.kind !== "configured" || options.keys === undefined) return undefined;
  try {
    return await withAdmin(node, options.keys, options.ports, async (client) => (await client.version(options)).tag);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isOperatorError(error)) return undefined;
    throw error;
  }
}

function rowOf(
  node: SiteNode,
  sight: NodeSight,
  talos: string | undefined,
  registered: KubeObject | undefined,
  isAsked: boolean,
): NodeRow {
  const address = sight.kind === "maintenance" ? (node.maintenanceAddress ?? node.address) : node.address;
  const head = { name: node.name, role: node.role, address };
  if (sight.kind === "maintenance") return { ...head, stage: "maintenance" };
  if (sight.kind === "foreign") return { ...head, stage: "foreign", reason: sight.error.message };
  if (sight.kind === "unreachable") return { ...head, stage: "unreachable", reason: sight.reason };
  const state = registered === undefined ? undefined : nodeReadiness(registered);
  const info = record(record(registered?.["status"])?.["nodeInfo"])?.["kubeletVersion"];
  const reason = sight.unmet[0] ?? (state?.kind === "waiting" ? state.reason : undefined);
  return {
    ...head,
    stage: sight.stage,
    ...(isAsked ? { ready: state?.kind === "ready" } : {}),
    ...(talos === undefined ? {} : { talos }),
    ...(typeof info === "string" ? { kubernetes: info } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}
