import { type KubeObject, record, records, refOf } from "../../../kube/index.ts";
import { ownField } from "./own-field.ts";
import { fieldManager, type Session } from "./session.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Names under which Helm, and programs that embed it, have written objects of releases. */
const releaseManagers: readonly string[] = ["helm", "Helm"];

const isOfRelease = (entry: Fields): boolean => {
  if (entry["subresource"] !== undefined && entry["subresource"] !== "") return false;
  const { manager, operation } = entry;
  return releaseManagers.includes(String(manager)) || (manager === fieldManager && operation === "Update");
};

/**
 * The managedFields of an object after everything that the release's earlier writers own has become ours; undefined where they
 * own nothing. Without this, fields that Helm set would be conflicts, and fields that the chart drops would stay.
 *
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
 */
export function afterTakeOver(managedFields: readonly Fields[]): readonly Fields[] | undefined {
  const theirs = managedFields.filter(isOfRelease);
  if (theirs.length === 0) return undefined;
  const isOurs = (entry: Fields) =>
    entry["manager"] === fieldManager && entry["operation"] === "Apply" && (entry["subresource"] ?? "") === "";
  const ours = managedFields.find(isOurs);
  const base = ours ?? { ...theirs[0], manager: fieldManager, operation: "Apply" };
  const fields = theirs.reduce(
    (sum, entry) => union(sum, record(entry["fieldsV1"]) ?? {}),
    record(base["fieldsV1"]) ?? {},
  );
  const others = managedFields.filter((entry) => !isOfRelease(entry) && entry !== ours);
  return [...others, { ...base, fieldsV1: fields }];
}

/**
 * In whose name a dry run shows what applying will do once the fields are ours: ours, or Helm's where Helm alone has applied
 * the object so far. Undefined where several have written it: then no dry run shows it.
 */
export function judgeAs(managedFields: readonly Fields[]): string | undefined {
  const theirs = managedFields.filter(isOfRelease);
  if (theirs.length === 0) return fieldManager;
  const [one, ...more] = theirs;
  const isAlone = more.length === 0 && one?.["operation"] === "Apply";
  const hasOurs = managedFields.some(({ manager, operation }) => manager === fieldManager && operation === "Apply");
  return isAlone && !hasOurs ? String(one["manager"]) : undefined;
}

/** Two trees of field names as one. */
function union(a: Fields, b: Fields): Fields {
  const merged = Object.entries(b).map(([key, value]): readonly [string, unknown] => {
    const [mine, theirs] = [record(ownField(a, key)), record(value)];
    return [key, mine !== undefined && theirs !== undefined ? union(mine, theirs) : (ownField(a, key) ?? value)];
  });
  return { ...a, ...Object.fromEntries(merged) };
}

/** Makes the fields that Helm set on a live object ours. Writes only where there are any. */
export async function takeOver(
  live: KubeObject,
  { cluster, signal }: Pick<Session, "cluster" | "signal">,
): Promise<void> {
  const after = afterTakeOver(records(live.metadata["managedFields"]));
  if (after === undefined) return;
  await cluster.patch(
    refOf(live),
    [
      { op: "test", path: "/metadata/uid", value: live.metadata.uid },
      { op: "replace", path: "/metadata/managedFields", value: after },
      { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion },
    ],
    { type: "json", fieldManager, signal },
  );
}
