import { createGrpcTransport } from "./grpc-transport.ts";
import type { NodeIdentity } from "./identity.ts";
import { type ImageCalls, imageCalls } from "./image-calls.ts";
import { type KnownResources, knownResources } from "./known-resources.ts";
import { type MachineCalls, machineCalls } from "./machine-calls.ts";
import { type ResourceCalls, resourceCalls } from "./resource-calls.ts";
import type { TalosTransport } from "./transport.ts";

/** The Talos port of every node. */
export const TALOS_PORT = 50_000;

export interface NodeTarget {
  /** The name for errors. */
  readonly node: string;
  readonly address: string;
  /** default 50000 */
  readonly port?: number;
  readonly identity: NodeIdentity;
}

/** One node. Every method rejects with an `OperatorError` whose `where.node` is set, or with the signal's reason. */
export interface NodeClient extends MachineCalls, ResourceCalls, KnownResources, ImageCalls {
  readonly node: string;
  /** Ends the connection and whatever still runs on it. */
  readonly close: () => void;
}

/**
 * A client of exactly one node: no routing through other nodes, no fan-out. Connects with the first call and again after
 * the node went away; both sides' certificates are judged before the first byte of a request leaves.
 */
export function connectNode({ node, address, port = TALOS_PORT, identity }: NodeTarget): NodeClient {
  return clientOf(node, createGrpcTransport({ node, address, port, identity }));
}

/** The calls of one node over any transport. */
export function clientOf(node: string, transport: TalosTransport): NodeClient {
  const resources = resourceCalls(node, transport);
  return {
    node,
    ...machineCalls(node, transport),
    ...resources,
    ...knownResources(node, resources),
    ...imageCalls(node, transport),
    close: transport.close,
  };
}
