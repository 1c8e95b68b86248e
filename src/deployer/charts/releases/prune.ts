import pMap from "p-map";
import { type KubeObject, type ObjectRef, objectName, refOf } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { batchesByKind, inUninstallOrder } from "./kind-order.ts";
import { asksToStay, foreignBecause } from "./ownership.ts";
import { concurrency, type Session } from "./session.ts";
import type { ObjectChange } from "./types.ts";

/** An object that goes away, or why it stays. */
export interface Leaving {
  /** As the cluster has it; undefined for one that is gone already. */
  readonly live: KubeObject;
  readonly object: string;
  readonly outcome: "pruned" | "kept";
  /** Why it stays: "it asks to stay (helm.sh/resource-policy: keep)". */
  readonly reason?: string;
}

/**
 * What becomes of objects that the release had and does not want any more. Objects that are not there are left out, also
 * those of APIs that the cluster has stopped serving.
 */
export async function lookAtLeaving(objects: readonly KubeObject[], session: Session): Promise<readonly Leaving[]> {
  let served: readonly string[] | undefined;
  const versions = async () => (served ??= await session.cluster.apiVersions({ signal: session.signal }));
  const found = await pMap(
    inUninstallOrder(objects.filter(({ metadata }) => metadata.name !== undefined)),
    async (object): Promise<Leaving | undefined> => {
      const live = await find(object, session, versions);
      if (live === undefined) return undefined;
      const name = objectName(live);
      if (asksToStay(object) || asksToStay(live))
        return { live, object: name, outcome: "kept", reason: "it asks to stay (helm.sh/resource-policy: keep)" };
      const foreign = foreignBecause(live, session.owner);
      return foreign === undefined
        ? { live, object: name, outcome: "pruned" }
        : { live, object: name, outcome: "kept", reason: foreign };
    },
    { concurrency, signal: session.signal },
  );
  return found.filter((leaving) => leaving !== undefined);
}

async function find(
  object: KubeObject,
  { cluster, signal }: Session,
  versions: () => Promise<readonly string[]>,
): Promise<KubeObject | undefined> {
  const get = async (ref: ObjectRef) => {
    try {
      return await cluster.get(ref, { signal });
    } catch (error) {
      if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
      throw error;
    }
  };
  try {
    return await get(refOf(object));
  } catch (error) {
    if (!isOperatorError(error, "KUBE_KIND_UNKNOWN")) throw error;
  }
  const apiVersion = heir(object, await versions());
  return apiVersion === undefined ? undefined : get({ ...refOf(object), apiVersion });
}

/** Groups that took over the kinds of `extensions/v1beta1`. */
const heirs: readonly string[] = ["apps", "networking.k8s.io", "policy"];

/** Where the cluster serves a kind whose API version it has removed: another version of the group, or its heir. */
export function heir({ apiVersion, kind }: KubeObject, served: readonly string[]): string | undefined {
  const [group = ""] = apiVersion.includes("/") ? apiVersion.split("/") : [""];
  const groups = group === "extensions" ? heirs : [group];
  const found = groups.flatMap((name) =>
    served
      .filter((entry) => entry.startsWith(`${name}/`) && entry.endsWith(`/${kind}`))
      .map((entry) => entry.slice(0, -kind.length - 1)),
  );
  return found.find((version) => /\/v\d+$/.test(version)) ?? found[0];
}

/**
 * Deletes what is to go, kind by kind, each only if it is still the very object that was looked at.
 *
 * @throws the first failure, after all of its kind have been tried
 */
export async function prune(leaving: readonly Leaving[], session: Session): Promise<readonly ObjectChange[]> {
  const { cluster, signal, tell } = session;
  const byObject = new Map(leaving.map((item) => [item.live, item]));
  const changes: ObjectChange[] = [];
  for (const batch of batchesByKind(leaving.map(({ live }) => live))) {
    const failures: unknown[] = [];
    const done = await pMap(
      batch,
      async (live): Promise<ObjectChange> => {
        const { object, outcome } = byObject.get(live) as Leaving;
        try {
          const { uid } = live.metadata;
          if (outcome === "pruned")
            await cluster.delete(refOf(live), { signal, ...(uid === undefined ? {} : { uid }) });
          tell({ type: "object", object, outcome });
        } catch (error) {
          // Another object has taken the name meanwhile: that one is not ours to delete.
          if (!isOperatorError(error, "KUBE_CONFLICT")) failures.push(error);
        }
        return { object, outcome };
      },
      { concurrency },
    );
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
    changes.push(...done);
  }
  return changes;
}
