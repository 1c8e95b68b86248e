import { at, keyOf, sorted } from "./canonical.ts";
import type { ClusterState, Json, JsonObject } from "./state.ts";

/** Why a recorded revision has none beside it with us, by the names of the reference page. */
export type NeedlessReason = "idle-revision" | "refused-before" | "rollback-of-nothing";

/** A state whose releases lost the revisions that only Zarf makes. */
export interface CollapsedState {
  readonly state: ClusterState;
  /** Of those left out. */
  readonly reasons: readonly NeedlessReason[];
}

/**
 * Leaves out revisions of releases that Zarf adds and we do not, and numbers the others anew: one that is the one before it again,
 * one that the API server refused, and a rollback from a revision that never was. What the last of them says of its state holds for
 * the one that stays.
 */
export function withoutNeedlessRevisions(state: ClusterState): CollapsedState {
  const revisions = [...state.values()].filter((object) => object["type"] === "helm.sh/release.v1");
  const others = [...state].filter(([, object]) => object["type"] !== "helm.sh/release.v1");
  const byRelease = Map.groupBy(revisions, releaseOf);
  const collapsed = [...byRelease.values()].map((all) => collapse(all.sort(byRevision)));
  const kept = collapsed.flatMap(({ kept }) => kept.map((object) => [keyOf(object), object] as const));
  return { state: new Map([...others, ...kept]), reasons: collapsed.flatMap(({ reasons }) => reasons) };
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

function collapse(revisions: readonly JsonObject[]): {
  readonly kept: readonly JsonObject[];
  readonly reasons: readonly NeedlessReason[];
} {
  const kept: JsonObject[] = [];
  const reasons: NeedlessReason[] = [];
  const numbers = new Map<number, number>();
  let isFirstRefused = false;
  for (const revision of revisions) {
    const before = kept.at(-1);
    const reason = needless(
      before,
      revision,
      numbers.size === 0 ? undefined : (number) => numbers.get(number) === kept.length,
    );
    if (reason === undefined) kept.push(isFirstRefused && kept.length === 0 ? asInstalled(revision) : revision);
    else reasons.push(reason);
    if (reason === "refused-before") isFirstRefused ||= kept.length === 0;
    else if (reason !== undefined && before !== undefined)
      kept[kept.length - 1] = withStatus(before, String(at(contentOf(revision), "info", "status")));
    numbers.set(revisionOf(revision), kept.length);
  }
  return { kept: kept.map((revision, index) => renumber(revision, index + 1, numbers)), reasons };
}

/** @param isNewest - whether a revision, by its recorded number, is the newest of those that stay */
function needless(
  before: JsonObject | undefined,
  revision: JsonObject,
  isNewest: ((number: number) => boolean) | undefined,
): NeedlessReason | undefined {
  const description = descriptionOf(revision);
  if (description.includes("conflict occurred while applying object")) return "refused-before";
  // A revision that failed gets the status of any other once it is not the newest; its description stays.
  const isSound = before !== undefined && /complete$|^Rollback to/.test(descriptionOf(before));
  if (!isSound || substance(before) !== substance(revision)) return undefined;
  if (description === "Upgrade complete") return "idle-revision";
  const back = /^Rollback to (\d+)$/.exec(description)?.[1];
  return back !== undefined && isNewest?.(Number(back)) === true ? "rollback-of-nothing" : undefined;
}

const descriptionOf = (secret: JsonObject): string => String(at(contentOf(secret), "info", "description"));

/** With us the first revision that is there was installed. */
function asInstalled(secret: JsonObject): JsonObject {
  const value = contentOf(secret);
  return withValue(
    secret,
    { ...value, info: { ...(value["info"] as JsonObject), description: "Install complete" } },
    {},
  );
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
