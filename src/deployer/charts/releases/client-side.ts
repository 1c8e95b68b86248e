import { type Cluster, type KubeObject, refOf, type WriteOptions } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { isSameObject } from "./compare.ts";
import { fieldManager } from "./session.ts";
import { mergePatch, mergeThreeWay } from "./three-way-merge.ts";

const maxRaces = 6;

/**
 * Applies an object the older way (`serverSideApply: "false"`): a create, or the live object with what changed since the last
 * revision merged in, by an update that a racing write makes start again.
 *
 * @param options.before - as the release had it; undefined when it is new to the release
 */
export async function applyFromClient(
  object: KubeObject,
  options: {
    readonly live: KubeObject | undefined;
    readonly before: KubeObject | undefined;
    readonly cluster: Cluster;
    readonly signal: AbortSignal;
    /** Default false: write. */
    readonly dryRun?: boolean;
  },
): Promise<KubeObject> {
  const { before, cluster, signal, dryRun = false } = options;
  const as = { fieldManager, signal, dryRun };
  let { live } = options;
  for (let races = 0; ; races++) {
    try {
      if (live === undefined) return await cluster.create(object, as);
      if (!isBuiltIn(object)) return await patchCustom(object, live, { before, cluster, as });
      const merged = mergeThreeWay(before, object, live) as unknown as KubeObject;
      if (isSameObject(merged, live)) return live;
      return await cluster.replace(merged, as);
    } catch (error) {
      const isRace = isOperatorError(error, "KUBE_CONFLICT") || isOperatorError(error, "KUBE_ALREADY_EXISTS");
      if (!isRace || races >= maxRaces) throw error;
      live = await cluster.get(refOf(object), { signal });
    }
  }
}

async function patchCustom(
  object: KubeObject,
  live: KubeObject,
  options: { readonly before: KubeObject | undefined; readonly cluster: Cluster; readonly as: WriteOptions },
): Promise<KubeObject> {
  const { before, cluster, as } = options;
  const patch = before === undefined ? object : mergePatch(before, object);
  return Object.keys(patch).length === 0 ? live : cluster.patch(refOf(object), patch, { type: "merge", ...as });
}

/** Kinds of Kubernetes itself: their groups have no dot or end in k8s.io; CustomResourceDefinitions make the others. */
function isBuiltIn({ apiVersion, kind }: KubeObject): boolean {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const ofKubernetes = /^[a-z]+\.k8s\.io$|^[a-z]+\.authorization\.k8s\.io$|^apiextensions\.k8s\.io$/;
  return kind !== "CustomResourceDefinition" && (!group.includes(".") || ofKubernetes.test(group));
}
