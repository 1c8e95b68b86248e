import { type Cluster, findResource, type KubeObject, type ServedResource } from "../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import type { ClusterWait } from "./action.ts";
import { conditionReason, parseCondition, type WaitCondition } from "./wait-condition.ts";

/** Where kubectl looks when nobody says; contexts with another namespace name it in the wait. */
const defaultNamespace = "default";

/**
 * One look at the cluster: why what is awaited is not so yet. A kind that the cluster does not know yet, and a server that does
 * not answer, are reasons too.
 *
 * @param unsaid - what is awaited where the wait has no condition
 * @throws OperatorError ACTION_UNSUPPORTED for a condition that cannot be followed, or without a kind
 */
export function clusterLook(
  wait: ClusterWait,
  cluster: Cluster,
  unsaid: WaitCondition = { kind: "exists" },
): (signal: AbortSignal) => Promise<string | undefined> {
  if (wait.kind === "") throw new OperatorError("ACTION_UNSUPPORTED", "a cluster wait names no kind");
  const said = wait.condition ?? "";
  const condition = said === "" ? unsaid : parseCondition(said);
  let resource: ServedResource | undefined;
  return async (signal) => {
    try {
      resource ??= findResource(wait.kind, await cluster.served({ signal }));
      if (resource === undefined) return `the cluster does not know the kind ${wait.kind}`;
      const objects = await objectsOf(wait, resource, cluster, signal);
      return reasonOf(objects, condition, wait, resource);
    } catch (error) {
      if (!isOperatorError(error) || error.code === "DEADLINE_EXCEEDED" || !error.code.startsWith("KUBE")) throw error;
      return error.message;
    }
  };
}

async function objectsOf(
  { name, namespace }: ClusterWait,
  { apiVersion, kind }: ServedResource,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const where = namespace === undefined || namespace === "" ? undefined : namespace;
  if (name === "" || name.includes("=")) {
    const labels = name === "" ? {} : { labelSelector: name };
    return (await cluster.list({ apiVersion, kind, namespace: where ?? defaultNamespace, ...labels }, { signal }))
      .items;
  }
  try {
    return [
      await cluster.get({ apiVersion, kind, name, ...(where === undefined ? {} : { namespace: where }) }, { signal }),
    ];
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return [];
    throw error;
  }
}

function reasonOf(
  objects: readonly KubeObject[],
  condition: WaitCondition,
  { name }: ClusterWait,
  { kind }: ServedResource,
): string | undefined {
  // Without a name any object of the kind will do, whatever else is asked.
  const asked: WaitCondition = name === "" ? { kind: "exists" } : condition;
  if (objects.length === 0 && asked.kind !== "delete")
    return name === ""
      ? `there is no ${kind}`
      : `there is no ${kind}${name.includes("=") ? ` with ${name}` : `/${name}`}`;
  for (const object of objects) {
    const reason = conditionReason(object, asked);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
