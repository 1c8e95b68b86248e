import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { type CallContext, type Handlers, RpcStatus, type resourcePb, statePb } from "../../../talos/api/index.ts";
import { matchesQueries } from "../label-query.ts";
import { PushQueue } from "../queue.ts";
import type { StoreChange, StoredResource } from "../resource-store.ts";
import { definitionSpec, namespaces, resourceTypes } from "../resource-types.ts";
import { adminOnly } from "../roles.ts";
import { toWire } from "../wire-resource.ts";
import type { CallPorts } from "./call-ports.ts";

type WireEvent = MessageInitShape<typeof statePb.EventSchema>;

const { Event_EventType: EventType } = statePb;
const eventTypes = {
  created: EventType.CREATED,
  updated: EventType.UPDATED,
  destroyed: EventType.DESTROYED,
} as const;

const DEFINITIONS = "ResourceDefinitions.meta.cosi.dev";

/** Reading the resources of one boot, as COSI's state server does. */
export function stateService({ boot, rolesOf }: CallPorts): Handlers<typeof statePb.State> {
  const store = boot.resources;

  /** @throws RpcStatus PERMISSION_DENIED for what Talos does not know or the caller may not see */
  const check = ({ namespace, type }: { readonly namespace: string; readonly type: string }, { peer }: CallContext) => {
    const known = resourceTypes.get(type.toLowerCase());
    if (known === undefined) throw refused(`resource type ${JSON.stringify(type)} is not supported`);
    if (!namespaces.has(namespace)) throw refused(`namespace ${JSON.stringify(namespace)} is not supported`);
    if (known.sensitive) adminOnly(rolesOf(peer));
    // Pods and the Node object change without our hearing of it.
    boot.status.refresh();
  };

  const list = (namespace: string, type: string): readonly StoredResource[] =>
    type === DEFINITIONS && namespace === "meta"
      ? definitions(boot.ports.options.clock.now())
      : store.list(namespace, type);

  return {
    get: async (request, context) => {
      check(request, context);
      const { namespace, type, id } = request;
      const found =
        type === DEFINITIONS
          ? list(namespace, type).find((resource) => resource.id === id)
          : store.get(namespace, type, id);
      if (found !== undefined) return { resource: toWire(found) };
      throw new RpcStatus(status.NOT_FOUND, `resource ${type}(${namespace}/${id}@undefined) doesn't exist`);
    },

    list: async function* (request, context) {
      check(request, context);
      const { labelQuery = [], idQuery } = request.options ?? {};
      for (const resource of list(request.namespace, request.type))
        if (matchesQueries(resource, labelQuery, idQuery?.regexp)) yield { resource: toWire(resource) };
    },

    watch: async function* (request, context) {
      check(request, context);
      const { namespace, type, id, apiVersion } = request;
      const {
        bootstrapContents = false,
        bootstrapBookmark = false,
        aggregated = false,
        labelQuery = [],
        idQuery,
      } = request.options ?? {};
      const now = () => boot.ports.options.clock.now();
      const queue = new PushQueue<WireEvent>(context.signal);
      const wanted = (resource: StoredResource) =>
        resource.namespace === namespace &&
        resource.type === type &&
        (id === undefined || resource.id === id) &&
        matchesQueries(resource, labelQuery, idQuery?.regexp);
      const unlisten = store.listen((change) => {
        if (wanted(change.resource)) queue.push(toEvent(change));
      });
      try {
        yield { event: [] };
        const present = list(namespace, type).filter(wanted);
        const first: WireEvent[] = [];
        if (id !== undefined)
          first.push(
            present[0] === undefined
              ? { eventType: EventType.DESTROYED, resource: tombstone(namespace, type, id, now()) }
              : { eventType: EventType.CREATED, resource: toWire(present[0]) },
          );
        else if (bootstrapContents) {
          for (const resource of present) first.push({ eventType: EventType.CREATED, resource: toWire(resource) });
          if (apiVersion >= 1)
            first.push({
              eventType: EventType.BOOTSTRAPPED,
              resource: tombstone(namespace, type, "", now()),
              bookmark: bookmark(),
            });
        } else if (bootstrapBookmark)
          first.push({
            eventType: EventType.NOOP,
            resource: tombstone(namespace, type, "", now()),
            bookmark: bookmark(),
          });
        if (aggregated && first.length > 0) yield { event: first };
        else for (const event of first) yield { event: [event] };
        for await (const event of queue) yield { event: [event] };
      } finally {
        unlisten();
      }
    },
  };
}

function toEvent({ event, resource, old }: StoreChange): WireEvent {
  return {
    eventType: eventTypes[event],
    resource: toWire(resource),
    ...(old !== undefined && { old: toWire(old) }),
  };
}

/** What stands where there is no resource. */
function tombstone(
  namespace: string,
  type: string,
  id: string,
  now: Date,
): MessageInitShape<typeof resourcePb.ResourceSchema> {
  const at = timestampFromDate(now);
  return {
    metadata: { namespace, type, id, version: "undefined", phase: "running", created: at, updated: at },
    spec: {},
  };
}

/** Watches cannot be resumed here; the bytes are there because clients expect some. */
function bookmark(): Uint8Array {
  return new Uint8Array(16);
}

function definitions(now: Date): readonly StoredResource[] {
  return [...resourceTypes.entries()].map(([id, type]) => ({
    namespace: "meta",
    type: DEFINITIONS,
    id,
    owner: "meta",
    version: 1,
    created: now,
    updated: now,
    annotations: {},
    spec: definitionSpec(type),
  }));
}

function refused(details: string): RpcStatus {
  return new RpcStatus(status.PERMISSION_DENIED, details);
}
