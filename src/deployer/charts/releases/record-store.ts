import { type Cluster, type KubeObject, refOf } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import { type Revision, revisionOf } from "./history.ts";
import { encodeRecord, type ReleaseInfo, type ReleaseRecord, secretName, secretType } from "./release-record.ts";

/** Helm's name among the managers of fields; release records are Helm's own. */
const fieldManager = "Helm";

interface Call {
  readonly signal: AbortSignal;
}

/** Writes revisions as Helm's Secret storage does. Whoever writes holds the package's lease. */
export interface RecordStore {
  /** @throws OperatorError RELEASE_BUSY when somebody else has made this revision meanwhile */
  readonly create: (release: ReleaseRecord, labels: Readonly<Record<string, string>>, call: Call) => Promise<Revision>;
  /** The same revision with other contents. @throws OperatorError RELEASE_BUSY */
  readonly update: (revision: Revision, release: ReleaseRecord, call: Call) => Promise<Revision>;
  /** Changes what is said of a revision and nothing else. */
  readonly setInfo: (revision: Revision, info: Partial<ReleaseInfo>, call: Call) => Promise<Revision>;
  readonly delete: (revision: Revision, call: Call) => Promise<void>;
}

export function createRecordStore(cluster: Cluster, { clock }: { readonly clock: Clock }): RecordStore {
  const seconds = () => String(Math.floor(clock.now().getTime() / 1000));
  const secretOf = (release: ReleaseRecord, labels: Readonly<Record<string, string>>): KubeObject => ({
    apiVersion: "v1",
    kind: "Secret",
    type: secretType,
    metadata: {
      name: secretName(release.name, release.version),
      namespace: release.namespace,
      labels: {
        ...labels,
        name: release.name,
        owner: "helm",
        status: release.info.status ?? "unknown",
        version: String(release.version),
      },
    },
    data: { release: encodeRecord(release) },
  });
  const busy = (release: ReleaseRecord, cause: unknown) =>
    new OperatorError(
      "RELEASE_BUSY",
      `release ${release.namespace}/${release.name}: somebody else is writing revision ${release.version} at this moment`,
      { next: ["wait until the other deployment has ended, then run the same command again"], retry: "later", cause },
    );
  /** The write, or what it wrote when only its answer was lost. */
  const settle = async (secret: KubeObject, write: () => Promise<KubeObject>, call: Call): Promise<KubeObject> => {
    try {
      return await write();
    } catch (error) {
      const isUnsure =
        isOperatorError(error, "KUBE_UNREACHABLE") ||
        isOperatorError(error, "KUBE_UNAVAILABLE") ||
        isOperatorError(error, "DEADLINE_EXCEEDED");
      if (!isUnsure) throw error;
      call.signal.throwIfAborted();
      const found = await cluster.get(refOf(secret), call).catch((why: unknown) => {
        if (isOperatorError(why, "KUBE_NOT_FOUND")) return undefined;
        throw why;
      });
      if (found !== undefined && JSON.stringify(found["data"]) === JSON.stringify(secret["data"])) return found;
      return await write();
    }
  };

  const update: RecordStore["update"] = async (revision, release, call) => {
    const { metadata } = revision.secret;
    const { createdAt: _created, ...labels } = metadata.labels ?? {};
    const wanted = secretOf(release, { ...labels, modifiedAt: seconds() });
    const secret = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: metadata.resourceVersion ?? "" } };
    try {
      return revisionOf(await settle(secret, () => cluster.replace(secret, { ...call, fieldManager }), call));
    } catch (error) {
      if (isOperatorError(error, "KUBE_CONFLICT") || isOperatorError(error, "KUBE_NOT_FOUND"))
        throw busy(release, error);
      throw error;
    }
  };
  return {
    create: async (release, labels, call) => {
      const secret = secretOf(release, { ...labels, createdAt: seconds() });
      try {
        return revisionOf(await settle(secret, () => cluster.create(secret, { ...call, fieldManager }), call));
      } catch (error) {
        if (isOperatorError(error, "KUBE_ALREADY_EXISTS")) throw busy(release, error);
        throw error;
      }
    },
    update,
    setInfo: (revision, info, call) => {
      const release = revision.release();
      return update(revision, { ...release, info: { ...release.info, ...info } }, call);
    },
    delete: async (revision, { signal }) => {
      await cluster.delete(refOf(revision.secret), { signal });
    },
  };
}

/**
 * Which revisions go so that one more makes no more than `maxHistory`: the oldest ones, never the newest deployed one.
 *
 * @param maxHistory - 0: all stay
 */
export function revisionsToForget(revisions: readonly Revision[], maxHistory: number): readonly Revision[] {
  if (maxHistory <= 0) return [];
  const deployed = revisions.findLast(({ status }) => status === "deployed");
  const excess = revisions.length - (maxHistory - 1);
  return revisions.filter((revision) => revision !== deployed).slice(0, Math.max(0, excess));
}
