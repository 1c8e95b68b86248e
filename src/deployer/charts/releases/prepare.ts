import type { Cluster, KubeObject } from "../../../kube/index.ts";
import { definedKinds } from "./defined-kinds.ts";
import { checkReleaseName, type Revision, readRevisions } from "./history.ts";
import { lookAt, type Sight } from "./look.ts";
import { withOwner } from "./ownership.ts";
import { patientCluster } from "./patient-cluster.ts";
import { placeObjects, refuseUnknown } from "./place-objects.ts";
import { type Leaving, lookAtLeaving } from "./prune.ts";
import { identity, readManifest } from "./read-manifest.ts";
import { type RenderedRelease, renderRelease } from "./render-release.ts";
import type { Session } from "./session.ts";
import type { ReleaseEvent, ReleaseRequest } from "./types.ts";

/** All that is known before anything is written. */
export interface Prepared {
  readonly session: Session;
  /** Oldest first. */
  readonly revisions: readonly Revision[];
  /** The newest one that was deployed as it should be. */
  readonly deployed: Revision | undefined;
  readonly last: Revision | undefined;
  /** Of the revision that is to come. */
  readonly revision: number;
  readonly isInstall: boolean;
  readonly isServerSide: boolean;
  readonly rendered: RenderedRelease;
  readonly crds: readonly Sight[];
  readonly sights: readonly Sight[];
  readonly leaving: readonly Leaving[];
  /** The object as the deployed revision has it. */
  readonly before: (object: KubeObject) => KubeObject | undefined;
  readonly isDefined: (object: KubeObject) => boolean;
}

export function openSession(
  request: Pick<ReleaseRequest, "clock" | "signal" | "name" | "namespace" | "timeoutMs"> & {
    readonly cluster: Cluster;
    readonly onProgress?: ((event: ReleaseEvent) => void) | undefined;
  },
): Session {
  const { clock, signal, name, namespace, timeoutMs } = request;
  checkReleaseName(name);
  const tell = (event: ReleaseEvent) => request.onProgress?.(event);
  const cluster = patientCluster(request.cluster, {
    clock,
    signal,
    onRetry: (what, error) => tell({ type: "retrying", what, reason: error.message }),
  });
  return { cluster, clock, signal, owner: { name, namespace }, tell, deadline: clock.now().getTime() + timeoutMs };
}

/** A revision that was taken away again has left nothing: what follows it is an installation. */
const isGone = (revision: Revision | undefined): boolean =>
  revision === undefined || revision.status === "uninstalled" || revision.status === "uninstalling";

/**
 * Renders the release and looks at what it meets in the cluster. Writes nothing.
 *
 * @param options.isPlan - ask about new objects as well, and collect refusals instead of finding them by applying
 */
export async function prepare(request: ReleaseRequest, options: { readonly isPlan: boolean }): Promise<Prepared> {
  const session = openSession(request);
  const { cluster, owner, signal } = session;
  const revisions = await readRevisions(cluster, owner, { signal });
  const last = revisions.at(-1);
  const deployed = revisions.findLast(({ status }) => status === "deployed");
  const isInstall = isGone(last);
  const revision = (last?.revision ?? 0) + 1;
  const isServerSide = chooseMethod(request.serverSideApply, isInstall ? undefined : last);
  const rendered = await renderRelease({ ...request, cluster }, { revision, isInstall });
  // Only what this release brings may make an unknown kind known.
  const file = `release ${owner.name}`;
  const read = readManifest(rendered.manifest, { file });
  const defined = definedKinds([...rendered.crds, ...read]);
  const placed = await placeObjects(read, session, defined);
  refuseUnknown(placed, session);
  const objects = placed.objects.map((object) => withOwner(object, owner));

  const earlier = await objectsBefore(revisions, deployed, session);
  const asDeployed = new Map(
    (deployed === undefined ? [] : await recordedObjects(deployed, session)).map((object) => [
      identity(object),
      object,
    ]),
  );
  const looking = {
    isServerSide,
    forceConflicts: request.forceConflicts,
    takeOwnership: request.takeOwnership,
    deployed: (object: KubeObject) => asDeployed.get(identity(object)),
    isPlan: options.isPlan,
  };
  const wanted = new Set(objects.map(identity));
  const dropped = [...earlier].filter(([id, object]) => !wanted.has(id) && !isInherited(object, objects));
  const [sights, leaving, crds] = await Promise.all([
    lookAt(objects, session, looking),
    lookAtLeaving(
      dropped.map(([, object]) => object),
      session,
    ),
    // Definitions of crds/ come with the first installation and are never changed.
    deployed === undefined ? missingOnes(rendered.crds, session, looking) : [],
  ]);
  return {
    session,
    revisions,
    last,
    deployed,
    revision,
    isInstall,
    isServerSide,
    rendered,
    crds,
    sights,
    leaving,
    before: looking.deployed,
    isDefined: ({ apiVersion, kind }) => defined.has(`${apiVersion} ${kind}`),
  };
}

/** "auto": as the release was applied before. */
export function chooseMethod(asked: ReleaseRequest["serverSideApply"], last: Revision | undefined): boolean {
  if (asked !== "auto") return asked === "true";
  return last === undefined || last.release().apply_method === "ssa";
}

async function missingOnes(
  crds: readonly KubeObject[],
  session: Session,
  looking: Parameters<typeof lookAt>[2],
): Promise<readonly Sight[]> {
  const sights = await lookAt(crds, session, { ...looking, takeOwnership: true, isPlan: false });
  return sights.filter(({ outcome }) => outcome === "created");
}

/**
 * Objects that the release may have left in the cluster: those of the deployed revision and of every later one, which failed or
 * was cut off in the middle.
 */
async function objectsBefore(
  revisions: readonly Revision[],
  deployed: Revision | undefined,
  session: Session,
): Promise<ReadonlyMap<string, KubeObject>> {
  const from = deployed?.revision ?? 0;
  const found = new Map<string, KubeObject>();
  for (const revision of revisions.filter((one) => one.revision >= from && one.status !== "uninstalled")) {
    for (const object of await recordedObjects(revision, session)) found.set(identity(object), object);
  }
  return found;
}

/** The objects of a recorded revision, with the release's marks. APIs that the cluster has stopped serving do no harm. */
export async function recordedObjects(revision: Revision, session: Session): Promise<readonly KubeObject[]> {
  const { manifest = "" } = revision.release();
  const read = readManifest(manifest, { file: `revision ${revision.revision} of release ${session.owner.name}` });
  const { objects, unknown } = await placeObjects(read, session, definedKinds(read));
  // Of an unknown kind the scope is unknown too: those without a namespace get the release's, as most kinds have one.
  const guessed = unknown.map((object) => ({
    ...object,
    metadata: { ...object.metadata, namespace: object.metadata.namespace ?? session.owner.namespace },
  }));
  return [...objects, ...guessed].map((object) => withOwner(object, session.owner));
}

/** `extensions/v1beta1 Ingress` lives on as `networking.k8s.io/v1 Ingress`: the same object, not a dropped one. */
function isInherited(object: KubeObject, wanted: readonly KubeObject[]): boolean {
  return (
    object.apiVersion.startsWith("extensions/") &&
    wanted.some(
      ({ kind, metadata }) =>
        kind === object.kind &&
        metadata.name === object.metadata.name &&
        (metadata.namespace ?? "") === (object.metadata.namespace ?? ""),
    )
  );
}
