import type { Cluster, KubeObject, ObjectRef } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";

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
