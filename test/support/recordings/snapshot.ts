import { gunzipSync } from "node:zlib";
import { type KubeObject, record, records } from "../../../src/kube/index.ts";
import type { ApiClient } from "./api-client.ts";
import type { ClusterState, Json, JsonObject } from "./state.ts";

/** What comes and goes by itself; the recordings leave it out too. */
const leftOut = new Set([
  "Event",
  "Lease",
  "EndpointSlice",
  "Endpoints",
  "ControllerRevision",
  "ServiceAccount",
  "IPAddress",
]);
/** Fields of a Pod that admission fills in, whoever made it. */
const filledIn = [
  "dnsPolicy",
  "enableServiceLinks",
  "preemptionPolicy",
  "priority",
  "schedulerName",
  "serviceAccount",
  "hostname",
  "subdomain",
];

/** Reads every object that a cluster has, in the form of the recordings: `Kind.group/version/namespace/name` to what a person decides about. */
export interface SnapshotReader {
  readonly read: () => Promise<ClusterState>;
}

export function createSnapshotReader(api: ApiClient): SnapshotReader {
  let kinds: Promise<readonly Kind[]> | undefined;
  return {
    read: async () => {
      kinds ??= listableKinds(api);
      const lists = await Promise.all((await kinds).map((kind) => readKind(api, kind)));
      return new Map(lists.flat().sort(([left], [right]) => (left < right ? -1 : 1)));
    },
  };
}

interface Kind {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
}

async function listableKinds(api: ApiClient): Promise<readonly Kind[]> {
  const { groups } = await api.json({ method: "GET", path: "/apis" });
  const preferred = records(groups).map((group) => String(record(group["preferredVersion"])?.["groupVersion"]));
  const roots = ["/api/v1", ...preferred.map((version) => `/apis/${version}`)];
  const found = await Promise.all(
    roots.map(async (root) => {
      const { resources, groupVersion } = await api.json({ method: "GET", path: root });
      return records(resources)
        .filter(({ name, kind, verbs }) => isListable(String(name), verbs) && !leftOut.has(String(kind)))
        .map(({ name, kind }) => ({
          path: `${root}/${String(name)}`,
          apiVersion: String(groupVersion),
          kind: String(kind),
        }));
    }),
  );
  return found.flat();
}

const isListable = (name: string, verbs: unknown): boolean =>
  !name.includes("/") && Array.isArray(verbs) && verbs.includes("list");

async function readKind(api: ApiClient, { path, apiVersion, kind }: Kind): Promise<readonly [string, JsonObject][]> {
  const { items } = await api.json({ method: "GET", path });
  return (
    records(items)
      .map((item) => ({ ...item, apiVersion, kind }) as unknown as KubeObject)
      .filter(({ metadata }) => !(kind === "ConfigMap" && metadata.name === "kube-root-ca.crt"))
      // The API server's own, renewed all the time.
      .filter(({ metadata }) => !(kind === "Lease" && metadata.namespace === "kube-system"))
      .map((object) => [keyOf(object), recordedForm(object)])
  );
}

const keyOf = ({ kind, apiVersion, metadata: { namespace = "", name = "" } }: KubeObject): string =>
  `${kind}.${apiVersion}/${namespace}/${name}`;

/** An object as the recordings hold it: without what the server counts, Secrets readable, managers as a digest. */
export function recordedForm(object: KubeObject): JsonObject {
  const { metadata, status, ...rest } = object as unknown as Record<string, JsonObject>;
  const { uid, resourceVersion, creationTimestamp, deletionGracePeriodSeconds, managedFields, ...kept } =
    metadata ?? {};
  const phase = object.kind === "Namespace" ? { status: { phase: status?.["phase"] ?? null } } : {};
  const data = object.kind === "Secret" ? { data: decoded(rest["data"] ?? {}) } : {};
  return {
    ...rest,
    ...data,
    ...(object.kind === "Pod" ? { spec: withoutFilledIn(rest["spec"] ?? {}) } : {}),
    metadata: { ...withoutOwnerUids(kept), $managers: managersOf(managedFields) },
    ...phase,
  };
}

function withoutFilledIn(spec: JsonObject): JsonObject {
  const drop = new Set([...filledIn, "tolerations"]);
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !drop.has(field)));
}

function withoutOwnerUids(metadata: JsonObject): JsonObject {
  const owners = metadata["ownerReferences"];
  if (!Array.isArray(owners)) return metadata;
  const named = (owners as readonly JsonObject[]).map(({ uid: _, ...owner }) => owner);
  return { ...metadata, ownerReferences: named };
}

function managersOf(managedFields: Json | undefined): Json {
  return records(managedFields).map(({ manager, operation, apiVersion, subresource }) => ({
    manager,
    operation,
    apiVersion,
    ...(subresource === undefined ? {} : { subresource }),
  })) as unknown as Json;
}

function decoded(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      const bytes = Buffer.from(String(value), "base64");
      if (key === "release") return [key, decodedRelease(bytes)];
      const text = bytes.toString("utf8");
      return [key, { $decoded: isRecord(key) ? jsonOrText(text) : text }];
    }),
  );
}

/** What Zarf writes as JSON, under these keys, is compared field by field. */
const isRecord = (key: string): boolean => key === "data" || key === "state";

/** Helm writes base64 of gzip of JSON; the Secret itself adds one more base64. */
function decodedRelease(bytes: Buffer): JsonObject {
  const text = gunzipSync(Buffer.from(bytes.toString("latin1"), "base64")).toString("utf8");
  return { $decodedBy: "base64(base64(gzip(json)))", value: JSON.parse(text) as Json };
}

function jsonOrText(text: string): Json {
  if (!/^[{[]/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
