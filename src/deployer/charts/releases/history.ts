import type { Cluster, KubeObject } from "../../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import type { Owner } from "./ownership.ts";
import { decodeRecord, type ReleaseRecord, secretName } from "./release-record.ts";
import type { ReleaseStatus } from "./types.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** One recorded revision. What it holds is unpacked when it is asked for. */
export interface Revision {
  readonly revision: number;
  readonly status: ReleaseStatus;
  readonly secret: KubeObject;
  /** @throws OperatorError RELEASE_RECORD_INVALID */
  readonly release: () => ReleaseRecord;
}

const systemLabels: readonly string[] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/** A revision as its Secret says it. */
export function revisionOf(secret: KubeObject): Revision {
  const labels = secret.metadata.labels ?? {};
  let read: ReleaseRecord | undefined;
  return {
    revision: Number(labels["version"] ?? 0),
    status: (labels["status"] ?? "unknown") as ReleaseStatus,
    secret,
    release: () => {
      read ??= decodeRecord(secret);
      return read;
    },
  };
}

/** Labels that a person gave a release; Helm carries them from revision to revision. */
export function customLabels(revision: Revision | undefined): Readonly<Record<string, string>> {
  const labels = Object.entries(revision?.secret.metadata.labels ?? {});
  return Object.fromEntries(labels.filter(([key]) => !systemLabels.includes(key)));
}

/** Every recorded revision of a release, oldest first; empty when there is no such release. */
export async function readRevisions(cluster: Cluster, owner: Owner, { signal }: Call): Promise<readonly Revision[]> {
  const { items } = await cluster.list(
    {
      apiVersion: "v1",
      kind: "Secret",
      namespace: owner.namespace,
      labelSelector: `name=${owner.name},owner=helm`,
      fieldSelector: "type=helm.sh/release.v1",
    },
    { signal },
  );
  return items.map(revisionOf).toSorted((a, b) => a.revision - b.revision);
}

/**
 * The recorded revisions of a release with all that they hold, oldest first.
 *
 * @throws OperatorError RELEASE_RECORD_INVALID, KUBE_…
 */
export async function releaseHistory(
  request: Owner & { readonly cluster: Cluster; readonly signal: AbortSignal },
): Promise<readonly ReleaseRecord[]> {
  const { cluster, name, namespace, signal } = request;
  return (await readRevisions(cluster, { name, namespace }, { signal })).map(({ release }) => release());
}

/**
 * One revision of a release, or its newest; undefined when there is none.
 *
 * @throws OperatorError RELEASE_RECORD_INVALID, KUBE_…
 */
export async function readRelease(
  request: Owner & { readonly cluster: Cluster; readonly revision?: number; readonly signal: AbortSignal },
): Promise<ReleaseRecord | undefined> {
  const { cluster, name, namespace, revision, signal } = request;
  if (revision === undefined) return (await readRevisions(cluster, { name, namespace }, { signal })).at(-1)?.release();
  try {
    const ref = { apiVersion: "v1", kind: "Secret", namespace, name: secretName(name, revision) };
    return revisionOf(await cluster.get(ref, { signal })).release();
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** @throws OperatorError RELEASE_NAME_INVALID */
export function checkReleaseName(name: string): void {
  if (name.length <= 53 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return;
  throw new OperatorError("RELEASE_NAME_INVALID", `"${name}" cannot be the name of a release`, {
    next: ["use at most 53 characters of a-z, 0-9, - and ., beginning and ending with a letter or digit"],
  });
}
