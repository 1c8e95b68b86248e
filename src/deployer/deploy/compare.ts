import { type Cluster, type KubeObject, type ObjectRef, record, records } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { canonicalJson, type JsonValue } from "../../lib/json.ts";

/** What applying does, or would do. */
export type Outcome = "created" | "configured" | "unchanged";

/** The object, or undefined where it (or its namespace, or its kind) does not exist. */
export async function findObject(
  cluster: Cluster,
  ref: ObjectRef,
  options: { readonly signal: AbortSignal },
): Promise<KubeObject | undefined> {
  try {
    return await cluster.get(ref, options);
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** The entry of our own field manager, without the time it was written. */
function ownFields(object: KubeObject): JsonValue {
  const own = records(object.metadata["managedFields"]).find(
    ({ manager, operation }) => manager === "skerry" && operation === "Apply",
  );
  return own === undefined ? null : ((own["fieldsV1"] ?? null) as JsonValue);
}

/** What our apply decides: neither status nor the server's book-keeping, which others may change at any moment. */
function decided(object: KubeObject): string {
  const { managedFields: _managers, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  const { status: _status, ...rest } = object;
  return canonicalJson({ ...rest, metadata: record(metadata), own: ownFields(object) } as unknown as JsonValue);
}

/** Whether a dry run left an object as it is. */
export function isUnchanged(live: KubeObject, wouldBe: KubeObject): boolean {
  return decided(live) === decided(wouldBe);
}
