import { createHash } from "node:crypto";
import { type KubeObject, type ObjectMeta, objectName, record, refOf } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { canonicalJson, type JsonValue } from "../../../lib/json.ts";
import { fieldsOf, mergeOwned } from "./own-fields.ts";

/** Objects as they were written, with what the server adds: identity, version, generation, whose fields they are. */
export class ObjectStore {
  readonly #clock: Clock;
  readonly #objects = new Map<string, KubeObject>();
  /** What was last applied, by the same key. */
  readonly #applied = new Map<string, KubeObject>();
  #version = 1;
  #addresses = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get version(): string {
    return String(this.#version);
  }

  get(object: KubeObject): KubeObject | undefined {
    return this.#objects.get(keyOf(object));
  }

  /** In the order of names. */
  list(apiVersion: string, kind: string): readonly KubeObject[] {
    return [...this.#objects.values()]
      .filter((object) => object.kind === kind && object.apiVersion === apiVersion)
      .sort((a, b) => (objectName(a) < objectName(b) ? -1 : 1));
  }

  create(object: KubeObject): KubeObject {
    return this.#write(undefined, object);
  }

  /** As server-side apply by one manager: fields that it no longer names go, the rest of the object stays. */
  apply(object: KubeObject, options: { readonly dryRun: boolean; readonly manager: string }): KubeObject {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    const merged = mergeOwned(before, this.#applied.get(key), withoutStringData(object));
    const owned = {
      manager: options.manager,
      operation: "Apply",
      apiVersion: object.apiVersion,
      fieldsType: "FieldsV1",
      fieldsV1: fieldsOf(object),
    };
    const next = { ...merged, metadata: { ...merged.metadata, managedFields: [owned] } };
    if (options.dryRun) return this.#complete(before, next, { isReal: false });
    this.#applied.set(key, withoutStringData(object));
    return this.#write(before, next);
  }

  /** Puts an object in the place of one that is there. */
  replace(object: KubeObject): KubeObject {
    return this.#write(this.get(object), object);
  }

  delete(object: KubeObject): boolean {
    const key = keyOf(object);
    this.#applied.delete(key);
    return this.#objects.delete(key);
  }

  #write(before: KubeObject | undefined, object: KubeObject): KubeObject {
    const written = this.#complete(before, withoutStringData(object), { isReal: true });
    this.#objects.set(keyOf(object), written);
    return written;
  }

  #complete(before: KubeObject | undefined, object: KubeObject, { isReal }: { readonly isReal: boolean }): KubeObject {
    const placed = this.#withAddress(before, object, isReal);
    if (before !== undefined && isSame(before, placed)) return before;
    const isNewSpec = before === undefined || !isEqual(before["spec"], placed["spec"]);
    const metadata: ObjectMeta = {
      ...placed.metadata,
      uid: before?.metadata.uid ?? uidOf(placed),
      creationTimestamp:
        before?.metadata.creationTimestamp ??
        this.#clock
          .now()
          .toISOString()
          .replace(/\.\d+Z$/, "Z"),
      generation: (before?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0),
      resourceVersion: String(this.#version + 1),
    };
    if (isReal) this.#version += 1;
    return { ...placed, metadata };
  }

  /** A Service gets an address of the cluster where it names none. */
  #withAddress(before: KubeObject | undefined, object: KubeObject, isReal: boolean): KubeObject {
    const spec = record(object["spec"]);
    if (object.kind !== "Service" || spec === undefined || spec["type"] === "ExternalName") return object;
    if (typeof spec["clusterIP"] === "string") return object;
    const known = record(before?.["spec"])?.["clusterIP"];
    const next = this.#addresses + 1;
    if (isReal && known === undefined) this.#addresses = next;
    return { ...object, spec: { ...spec, clusterIP: known ?? `10.96.${100 + (next >> 8)}.${next & 255}` } };
  }
}

function keyOf(object: KubeObject): string {
  const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0] : "";
  const { kind, namespace, name } = refOf(object);
  return [group, kind, namespace ?? "", name].join("/");
}

/** What follows from the name alone, so that it is the same in every run. */
function uidOf(object: KubeObject): string {
  const hex = createHash("sha256").update(objectName(object)).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function withoutStringData(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object;
  const texts = record(stringData);
  if (object.kind !== "Secret" || texts === undefined) return object;
  const encoded = Object.entries(texts).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]);
  return { ...rest, data: { ...record(object["data"]), ...Object.fromEntries(encoded) } };
}

function isSame(before: KubeObject, after: KubeObject): boolean {
  const { uid, creationTimestamp, generation, resourceVersion } = before.metadata;
  return isEqual(before, {
    ...after,
    metadata: { ...after.metadata, uid, creationTimestamp, generation, resourceVersion },
  });
}

function isEqual(a: unknown, b: unknown): boolean {
  return canonicalJson((a ?? null) as JsonValue) === canonicalJson((b ?? null) as JsonValue);
}
