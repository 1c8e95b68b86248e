import { type KubeObject, record } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { decided } from "./compare.ts";
import { refusalOf } from "./errors.ts";
import type { Sight } from "./look.ts";
import { fieldManager, type Session } from "./session.ts";

/** What a failure to write an object means for the release, with what has to be asked to know it. */
export function explain(
  error: unknown,
  object: KubeObject,
  session: Session,
  { isExisting }: { readonly isExisting: boolean },
): Promise<unknown> {
  return refusalOf(error, object, session.owner, {
    isExisting,
    wouldBeNew: () => wouldBeAccepted(object, session),
    quotas: () => fullQuotas(object, session),
  });
}

/** Every refusal that the dry run has given, explained. */
export async function refusals(sights: readonly Sight[], session: Session): Promise<readonly unknown[]> {
  const refused = sights.filter(({ refusal }) => refusal !== undefined);
  return Promise.all(
    refused.map(({ refusal, object, live }) => explain(refusal, object, session, { isExisting: live !== undefined })),
  );
}

/** Whether the server takes the same object as a new one: then its refusal is about the change, not about the object. */
async function wouldBeAccepted(object: KubeObject, { cluster, signal }: Session): Promise<boolean> {
  const { name, ...metadata } = record(decided(object)["metadata"]) ?? {};
  const copy = { ...object, metadata: { ...metadata, generateName: `${String(name).slice(0, 40)}-` } };
  try {
    await cluster.create(copy, { fieldManager, dryRun: true, signal });
    return true;
  } catch (error) {
    if (isOperatorError(error)) return false;
    throw error;
  }
}

/** What the quotas of the object's namespace say: "quota compute: pods 2 of 2 used". */
async function fullQuotas(object: KubeObject, { cluster, signal, owner }: Session): Promise<readonly string[]> {
  const namespace = object.metadata.namespace ?? owner.namespace;
  try {
    const { items } = await cluster.list({ apiVersion: "v1", kind: "ResourceQuota", namespace }, { signal });
    return items.flatMap((quota) => {
      const { hard, used } = record(quota["status"]) ?? {};
      return Object.entries(record(hard) ?? {}).map(
        ([resource, limit]) =>
          `quota ${quota.metadata.name ?? ""}: ${resource} ${String(record(used)?.[resource] ?? 0)} of ${String(limit)} used`,
      );
    });
  } catch (error) {
    if (isOperatorError(error)) return [];
    throw error;
  }
}
