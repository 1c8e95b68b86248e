import pLimit from "p-limit";
import { isOperatorError, type OperatorError } from "../lib/errors/index.ts";
import type { Site, SiteNode } from "../site/index.ts";
import type { NodeClient } from "../talos/api/index.ts";
import type { NodePorts } from "./ports.ts";
import type { SiteKeys } from "./site-keys.ts";

/** What a machine is found to be when it is called. */
export type NodeSight =
  | { readonly kind: "maintenance"; readonly fingerprint: string }
  | { readonly kind: "configured"; readonly stage: string; readonly ready: boolean; readonly unmet: readonly string[] }
  | { readonly kind: "foreign"; readonly error: OperatorError }
  | { readonly kind: "unreachable"; readonly reason: string };

export type NodeSights = ReadonlyMap<string, NodeSight>;

interface LookOptions {
  readonly signal: AbortSignal;
  readonly ports: NodePorts;
  /** Machines called at once. */
  readonly concurrency: number;
}

/** Calls every machine once, side by side; never throws for a machine that does not answer. */
export async function lookAtNodes(site: Site, keys: SiteKeys | undefined, options: LookOptions): Promise<NodeSights> {
  const limit = pLimit(options.concurrency);
  const sights = await Promise.all(
    site.nodes.map((node) => limit(async () => [node.name, await lookAtNode(node, keys, options)] as const)),
  );
  return new Map(sights);
}

/**
 * Calls one machine: without an identity first, since only that tells maintenance from configured, then with the site's own.
 *
 * @param keys - absent where the site has no secrets yet: a configured machine is then a foreign one
 */
export async function lookAtNode(
  node: SiteNode,
  keys: SiteKeys | undefined,
  options: Omit<LookOptions, "concurrency">,
): Promise<NodeSight> {
  const first = await probeAt(node, node.maintenanceAddress ?? node.address, options);
  if (first.kind === "maintenance") return first;
  const configured =
    first.kind === "configured" || node.maintenanceAddress === undefined
      ? first
      : await probeAt(node, node.address, options);
  if (configured.kind !== "configured" || keys === undefined) return configured;
  try {
    return await withAdmin(node, keys, options.ports, async (client) => {
      const { stage, ready, unmetConditions } = await client.machineStatus(options);
      return {
        kind: "configured",
        stage,
        ready,
        unmet: unmetConditions.map(({ name, reason }) => `${name}: ${reason}`),
      };
    });
  } catch (error) {
    options.signal.throwIfAborted();
    if (isOperatorError(error, "NODE_IN_OTHER_CLUSTER")) return { kind: "foreign", error };
    if (isOperatorError(error)) return { kind: "unreachable", reason: error.message };
    throw error;
  }
}

async function probeAt(
  node: SiteNode,
  address: string,
  { ports, signal }: Omit<LookOptions, "concurrency">,
): Promise<Exclude<NodeSight, { kind: "foreign" }>> {
  const found = await ports.probeNode({ node: node.name, address, signal });
  switch (found.kind) {
    case "maintenance":
      return { kind: "maintenance", fingerprint: found.fingerprint };
    case "configured":
      return { kind: "configured", stage: "unknown", ready: false, unmet: [] };
    case "unreachable":
      return { kind: "unreachable", reason: found.reason };
  }
}

/** Opens a connection with the site's admin identity for the length of `work`. */
export async function withAdmin<T>(
  node: SiteNode,
  keys: SiteKeys,
  ports: NodePorts,
  work: (client: NodeClient) => Promise<T>,
): Promise<T> {
  const identity = { kind: "admin", ...keys.admin } as const;
  const client = ports.connectNode({ node: node.name, address: node.address, identity });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Opens a connection to a machine in maintenance, held to the fingerprint of site.yaml where it names one. */
export async function withMaintenance<T>(
  node: SiteNode,
  ports: NodePorts,
  work: (client: NodeClient) => Promise<T>,
): Promise<T> {
  const client = ports.connectNode({
    node: node.name,
    address: node.maintenanceAddress ?? node.address,
    identity: { kind: "maintenance", ...(node.fingerprint === undefined ? {} : { fingerprints: [node.fingerprint] }) },
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
