import type { Cluster, ObjectRef } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { readRelease } from "../charts/releases/index.ts";
import { objectRefs } from "../manifests/object-names.ts";

/** The objects of a release as it is recorded, each in its namespace; undefined where there is no such release. */
export async function recordedObjects(
  cluster: Cluster,
  release: { readonly name: string; readonly namespace: string },
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly ObjectRef[] | undefined> {
  const { name, namespace } = release;
  const found = await readRelease({ cluster, name, namespace, signal });
  if (found === undefined) return undefined;
  const place = async (ref: ObjectRef): Promise<ObjectRef> =>
    ref.namespace === undefined && (await isNamespaced(cluster, ref, signal)) ? { ...ref, namespace } : ref;
  return await Promise.all(objectRefs(found.manifest ?? "").map(place));
}

/** A kind that is not served any more is taken for a namespaced one, as most are. */
async function isNamespaced(cluster: Cluster, ref: ObjectRef, signal: AbortSignal): Promise<boolean> {
  try {
    return (await cluster.resourceOf(ref, { signal })).isNamespaced;
  } catch (error) {
    if (isOperatorError(error, "KUBE_KIND_UNKNOWN")) return true;
    throw error;
  }
}
