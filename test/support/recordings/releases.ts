import { at, keyOf, sorted } from "./canonical.ts";
import type { ClusterState, Json, JsonObject } from "./state.ts";

/** A state whose releases lost the revisions that change nothing, with how many those were. */
export interface CollapsedState {
  readonly state: ClusterState;
  /** Revisions left out, by the key of the object: `Secret.v1/web/sh.helm.release.v1.web.v2` */
  readonly idle: readonly string[];
}

/**
 * Leaves out every revision of a release that is the one before it again, as Zarf adds with each deployment, and numbers the others anew.
 * What the last of them says of its state holds for the one that stays.
 */
export function withoutIdleRevisions(state: ClusterState): CollapsedState {
  const revisions = [...state.values()].filter((object) => object["type"] === "helm.sh/release.v1");
  const others = [...state].filter(([, object]) => object["type"] !== "helm.sh/release.v1");
  const byRelease = Map.groupBy(revisions, releaseOf);
  const collapsed = [...byRelease.values()].map((all) => collapse(all.sort(byRevision)));
  const kept = collapsed.flatMap(({ kept }) => kept.map((object) => [keyOf(object), object] as const));
  return { state: new Map([...others, ...kept]), idle: collapsed.flatMap(({ idle }) => idle.map(keyOf)) };
}

const releaseOf = (secret: JsonObject): string =>
  `${String(at(secret, "metadata", "namespace"))}/${String(at(secret, "metadata", "labels", "name"))}`;
const contentOf = (secret: JsonObject): JsonObject => at(secret, "data", "release", "value") as JsonObject;
const revisionOf = (secret: JsonObject): number => Number(contentOf(secret)["version"]);
const byRevision = (left: JsonObject, right: JsonObject): number => revisionOf(left) - revisionOf(right);

/** What a revision is, apart from its number, its times and how it went. */
function substance(secret: JsonObject): string {
  const { version: _, info, ...rest } = contentOf(secret);
  return JSON.stringify(sorted({ ...rest, notes: at(info, "notes") ?? null }));
}

function collapse(revisions: readonly JsonObject[]): { readonly kept: JsonObject[]; readonly idle: JsonObject[] } {
  const kept: JsonObject[] = [];
  const idle: JsonObject[] = [];
  const numbers = new Map<number, number>();
  for (const revision of revisions) {
    const before = kept.at(-1);
    const isIdle =
      before !== undefined &&
      substance(before) === substance(revision) &&
      // One that failed gets the status of any other once it is not the newest; its description stays.
      /complete$|^Rollback to/.test(String(at(contentOf(before), "info", "description"))) &&
      at(contentOf(revision), "info", "description") === "Upgrade complete";
    if (isIdle) {
      idle.push(revision);
      kept[kept.length - 1] = withStatus(before, String(at(contentOf(revision), "info", "status")));
    } else kept.push(revision);
    numbers.set(revisionOf(revision), kept.length);
  }
  return { kept: kept.map((revision, index) => renumber(revision, index + 1, numbers)), idle };
}

function withStatus(secret: JsonObject, status: string): JsonObject {
  const value = contentOf(secret);
  return withValue(secret, { ...value, info: { ...(value["info"] as JsonObject), status } }, { status });
}

function renumber(secret: JsonObject, number: number, numbers: ReadonlyMap<number, number>): JsonObject {
  const value = contentOf(secret);
  const info = value["info"] as JsonObject;
  const description = String(info["description"]).replace(
    /^Rollback to (\d+)/,
    (_, revision: string) => `Rollback to ${numbers.get(Number(revision)) ?? revision}`,
  );
  const named = withValue(
    secret,
    { ...value, version: number, info: { ...info, description } },
    { version: String(number) },
  );
  const metadata = named["metadata"] as JsonObject;
  return { ...named, metadata: { ...metadata, name: String(metadata["name"]).replace(/\.v\d+$/, `.v${number}`) } };
}

function withValue(secret: JsonObject, value: Json, labels: JsonObject): JsonObject {
  const metadata = secret["metadata"] as JsonObject;
  const release = at(secret, "data", "release") as JsonObject;
  return {
    ...secret,
    metadata: { ...metadata, labels: { ...(metadata["labels"] as JsonObject), ...labels } },
    data: { release: { ...release, value } },
  };
}
