export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Objects by `Kind.group/version/namespace/name` (no namespace: an empty one). */
export type ClusterState = ReadonlyMap<string, JsonObject>;

/** What a step changed, as the recordings write it. */
export interface StateChange {
  readonly created: Readonly<Record<string, JsonObject>>;
  /** The whole object after it. */
  readonly changed: Readonly<Record<string, JsonObject>>;
  readonly deleted: readonly string[];
}

/** The state after a change. */
export function afterChange(state: ClusterState, { created, changed, deleted }: StateChange): ClusterState {
  const gone = new Set(deleted);
  return new Map([...state, ...Object.entries(created), ...Object.entries(changed)].filter(([key]) => !gone.has(key)));
}

/** The objects of `now` that `before` lacks or has otherwise. */
export function newOrChanged(before: ClusterState, now: ClusterState): ClusterState {
  return new Map([...now].filter(([key, object]) => JSON.stringify(before.get(key)) !== JSON.stringify(object)));
}
