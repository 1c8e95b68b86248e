import { timestampDate } from "@bufbuild/protobuf/wkt";
import { parse } from "yaml";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import type { Resource as WireResource } from "./gen/cosi/resource/resource_pb.ts";
import { Event_EventType as EventType, State } from "./gen/cosi/resource/state_pb.ts";
import type { CallOptions, TalosTransport } from "./transport.ts";

/** Which resources: the full type name, as in `MachineStatuses.runtime.talos.dev`. */
export interface ResourceKind {
  readonly namespace: string;
  readonly type: string;
}

export interface NodeResource {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
  /** A counter in decimal. */
  readonly version: string;
  readonly phase: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: Date | undefined;
  readonly updated: Date | undefined;
  /** The YAML spec, parsed; its shape is the resource's own and not checked yet. */
  readonly spec: unknown;
}

export interface ResourceEvent {
  readonly event: "created" | "updated" | "destroyed" | "bootstrapped" | "errored" | "noop";
  /** Absent with `bootstrapped` and `errored`. */
  readonly resource: NodeResource | undefined;
  readonly error: string | undefined;
}

export interface ResourceCalls {
  /** undefined when there is none of this id. @throws NODE_PERMISSION_DENIED also for types that this version lacks */
  readonly get: (kind: ResourceKind, id: string, options: CallOptions) => Promise<NodeResource | undefined>;
  readonly list: (kind: ResourceKind, options: CallOptions) => Promise<readonly NodeResource[]>;
  /**
   * The present state as `created`, then changes, until the signal aborts.
   *
   * @param options.id - one resource (absent ones come as `destroyed` first); default all of the kind, then `bootstrapped`
   *   says that the present state is complete
   */
  readonly watch: (kind: ResourceKind, options: CallOptions & { readonly id?: string }) => AsyncIterable<ResourceEvent>;
}

const eventNames: Readonly<Record<number, ResourceEvent["event"]>> = {
  [EventType.CREATED]: "created",
  [EventType.UPDATED]: "updated",
  [EventType.DESTROYED]: "destroyed",
  [EventType.BOOTSTRAPPED]: "bootstrapped",
  [EventType.ERRORED]: "errored",
  [EventType.NOOP]: "noop",
};

/** Largest number of resources taken from one list: a node has some hundreds of a kind at most. */
const MAX_LISTED = 10_000;

export function resourceCalls(node: string, transport: TalosTransport): ResourceCalls {
  const read = (resource: WireResource) => readResource(node, resource);
  return {
    get: async (kind, id, options) => {
      try {
        const { resource } = await transport.unary(State.method.get, { ...kind, id }, options);
        return resource === undefined ? undefined : read(resource);
      } catch (error) {
        if (isOperatorError(error, "NODE_NOT_FOUND")) return undefined;
        throw error;
      }
    },

    list: async (kind, options) => {
      const found: NodeResource[] = [];
      const bounded = { deadlineMs: 10_000, ...options };
      for await (const { resource } of transport.serverStream(State.method.list, kind, bounded)) {
        if (resource !== undefined) found.push(read(resource));
        if (found.length > MAX_LISTED) throw invalid(node, `more than ${MAX_LISTED} resources of ${kind.type}`);
      }
      return found;
    },

    watch: async function* (kind, { id, ...options }) {
      const request = {
        ...kind,
        ...(id === undefined ? { options: { bootstrapContents: true } } : { id }),
        apiVersion: 1,
      };
      for await (const { event: events } of transport.serverStream(State.method.watch, request, options)) {
        for (const { eventType, resource, error } of events) {
          const event = eventNames[eventType];
          if (event !== undefined)
            yield { event, error, resource: resource?.metadata === undefined ? undefined : read(resource) };
        }
      }
    },
  };
}

function readResource(node: string, { metadata, spec }: WireResource): NodeResource {
  if (metadata === undefined) throw invalid(node, "a resource without metadata");
  const { namespace, type, id, version, phase, labels, created, updated } = metadata;
  try {
    return {
      namespace,
      type,
      id,
      version,
      phase,
      labels,
      created: created === undefined ? undefined : timestampDate(created),
      updated: updated === undefined ? undefined : timestampDate(updated),
      spec: parse(spec?.yamlSpec ?? ""),
    };
  } catch (cause) {
    throw invalid(node, `${type} ${id} whose spec is not YAML`, cause);
  }
}

/** The error for an answer that cannot be read. */
export function invalid(node: string, what: string, cause?: unknown): OperatorError {
  return new OperatorError("NODE_ANSWER_INVALID", `${node} answered with ${what}`, {
    where: { node },
    retry: "later",
    cause,
  });
}
