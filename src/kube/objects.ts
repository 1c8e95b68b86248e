/** Kubernetes objects as they travel: JSON, untouched, read field by field. */

export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [key: string]: unknown;
}

/** A kind of object, as manifests name it. */
export interface KindRef {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string;
  /** `Deployment` */
  readonly kind: string;
}

export interface ObjectRef extends KindRef {
  /** Default for namespaced kinds: the cluster's default namespace. */
  readonly namespace?: string;
  readonly name: string;
}

/** The reference of an object that has a name. */
export function refOf(object: KubeObject): ObjectRef {
  const { name, namespace } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: name ?? "",
    ...(namespace === undefined ? {} : { namespace }),
  };
}

const isObject = (what: KubeObject | ObjectRef): what is KubeObject => "metadata" in what;

/** `Kind/namespace/name`, without the namespace where there is none: how every message names an object. */
export function objectName(what: KubeObject | ObjectRef): string {
  const { name, namespace } = isObject(what) ? what.metadata : what;
  return [what.kind, namespace, name ?? ""].filter((part) => part !== undefined).join("/");
}

/** A JSON object (not an array, not null), or undefined. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The JSON objects of a list; empty where there is no list. */
export function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record).filter((item) => item !== undefined) : [];
}
