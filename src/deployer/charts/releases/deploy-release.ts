import type { KubeObject } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { applyObjects } from "./apply-objects.ts";
import { isSameRelease } from "./compare.ts";
import { customLabels, type Revision, readRevisions } from "./history.ts";
import { refuseForeign } from "./look.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { prune } from "./prune.ts";
import { nameOf } from "./read-manifest.ts";
import { createRecordStore, type RecordStore, revisionsToForget } from "./record-store.ts";
import { explain, refusals } from "./refusals.ts";
import { type ReleaseRecord, secretName } from "./release-record.ts";
import { openRevision, type RevisionWriter, timestamp } from "./revision-writer.ts";
import { rollBack } from "./roll-back.ts";
import { hooksOf, runHooks } from "./run-hooks.ts";
import type { ObjectChange, ReleaseOutcome, ReleaseRequest } from "./types.ts";
import { waitReady } from "./wait-ready.ts";

/**
 * Installs a release, or upgrades it to what is rendered now. Where nothing differs, neither in the record nor in the cluster,
 * nothing is written. The caller holds the package's lease: a revision that is still pending belongs to a run that died, and
 * this one goes on from there.
 *
 * What can be known before (objects of others, conflicts of fields, changes of immutable fields, unknown kinds) is refused
 * before anything is written. When an upgrade fails later, the newest deployed revision is deployed again; a failed first
 * installation stays as it is, and the next deployment upgrades over it. Safe to repeat.
 *
 * @throws OperatorError RELEASE_…, CHART_…, KUBE_…
 */
export async function deployRelease(request: ReleaseRequest): Promise<ReleaseOutcome> {
  return deploy(request, await prepare(request, { isPlan: false }), request.beforeWrite);
}

async function deploy(
  request: ReleaseRequest,
  prepared: Prepared,
  beforeWrite: (() => Promise<void>) | undefined,
): Promise<ReleaseOutcome> {
  const { session, rendered, last, revision } = prepared;
  const answer = { notes: rendered.notes, manifest: rendered.manifest, warnings: rendered.warnings };
  refuseForeign(prepared.sights, session);
  if (isUnchanged(prepared)) {
    const objects = prepared.sights.map(({ object }) => ({ object: nameOf(object), outcome: "unchanged" as const }));
    for (const { object, outcome } of objects) session.tell({ type: "object", object, outcome });
    if (!request.noWait) await waitReady(liveOnes(prepared), session);
    return { ...answer, outcome: "unchanged", revision: last?.revision ?? revision, objects };
  }
  await refuseEarly(prepared);
  if (beforeWrite !== undefined) {
    await beforeWrite();
    // Whoever held the lease until now may have written: then what was seen is of yesterday.
    const now = await readRevisions(session.cluster, session.owner, session);
    if (!isSameHistory(now, prepared.revisions))
      return deploy(request, await prepare(request, { isPlan: false }), undefined);
  }
  const store = createRecordStore(session.cluster, session);
  await heal(prepared, store);
  await installDefinitions(prepared);
  const writer = await begin(prepared, request, store);
  let objects: readonly ObjectChange[];
  try {
    objects = await carryOut(prepared, request, writer);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const said = prepared.isInstall ? `Release "${request.name}" failed` : `Upgrade "${request.name}" failed`;
    await writer.fail(`${said}: ${words}`);
    session.signal.throwIfAborted();
    if (prepared.deployed === undefined || !isOperatorError(error)) throw error;
    throw await rollBack(error, { prepared, request, store, failed: writer.release() });
  }
  await supersede(prepared, store);
  return { ...answer, outcome: prepared.isInstall ? "installed" : "upgraded", revision, objects };
}

const isSameHistory = (a: readonly Revision[], b: readonly Revision[]): boolean =>
  a.length === b.length && a.every(({ secret }, index) => isSameVersion(secret, b[index]?.secret));

const isSameVersion = (a: KubeObject, b: KubeObject | undefined): boolean =>
  a.metadata.uid === b?.metadata.uid && a.metadata.resourceVersion === b?.metadata.resourceVersion;

/** What was to be the same is the same: the record, every object, and nothing is left over. */
export function isUnchanged({ last, rendered, sights, leaving, isServerSide }: Prepared): boolean {
  if (last?.status !== "deployed") return false;
  const release = last.release();
  return (
    (release.apply_method === "ssa") === isServerSide &&
    sights.every(({ outcome, refusal, provisional }) => outcome === "unchanged" && !refusal && !provisional) &&
    leaving.every(({ outcome }) => outcome === "kept") &&
    isSameRelease(release, rendered)
  );
}

const liveOnes = ({ sights }: Prepared) => sights.flatMap(({ live }) => (live === undefined ? [] : [live]));

/** Hooks that run before may change what the server says now: then only the deed itself shows. */
const hasHooksBefore = ({ rendered, isInstall }: Prepared): boolean =>
  hooksOf(rendered.hooks, isInstall ? "pre-install" : "pre-upgrade").length > 0;

/** What the dry run has refused is refused before anything is written. */
async function refuseEarly(prepared: Prepared): Promise<void> {
  const { sights, session } = prepared;
  if (hasHooksBefore(prepared)) return;
  const [first] = await refusals(sights, session);
  // What explains a refusal gives the error itself, an operator's or a bug's.
  if (first instanceof Error) throw first;
}

/** A revision that is pending belongs to a run that died: it failed. */
async function heal({ revisions, session }: Prepared, store: RecordStore): Promise<void> {
  for (const revision of revisions.filter(({ status }) => status.startsWith("pending-"))) {
    const description = "The deployment was interrupted; the next revision goes on from here";
    await store.setInfo(revision, { status: "failed", description }, session);
    session.tell({ type: "healed", revision: revision.revision, was: revision.status });
  }
}

async function installDefinitions({ crds, session }: Prepared): Promise<void> {
  if (crds.length === 0) return;
  await applyObjects(crds, session, {
    isServerSide: true,
    forceConflicts: false,
    before: () => undefined,
    isDefined: () => false,
  });
}

async function begin(prepared: Prepared, request: ReleaseRequest, store: RecordStore): Promise<RevisionWriter> {
  const { session, revisions, deployed, last, rendered, isInstall, revision, isServerSide } = prepared;
  const { owner, signal } = session;
  const now = timestamp(session.clock);
  const before = isInstall ? undefined : (deployed ?? last)?.release();
  const release: ReleaseRecord = {
    name: owner.name,
    info: {
      first_deployed: before?.info.first_deployed ?? now,
      last_deployed: now,
      description: isInstall ? "Initial install underway" : "Preparing upgrade",
      status: isInstall ? "pending-install" : "pending-upgrade",
      ...(rendered.notes === "" ? {} : { notes: rendered.notes }),
    },
    chart: rendered.chart,
    config: rendered.config,
    manifest: rendered.manifest,
    hooks: rendered.hooks,
    version: revision,
    namespace: owner.namespace,
    apply_method: isServerSide ? "ssa" : "csa",
  };
  for (const old of revisionsToForget(revisions, request.maxHistory)) await store.delete(old, session);
  try {
    return await openRevision(release, { store, labels: isInstall ? {} : customLabels(last), signal });
  } catch (error) {
    // The record is the first object that is written: a namespace that is not there, going, or full shows here.
    const metadata = { name: secretName(owner.name, revision), namespace: owner.namespace };
    throw await explain(error, { apiVersion: "v1", kind: "Secret", metadata }, session, { isExisting: false });
  }
}

async function carryOut(
  prepared: Prepared,
  request: ReleaseRequest,
  writer: RevisionWriter,
): Promise<readonly ObjectChange[]> {
  const { session, sights, leaving, isInstall, before, isDefined, isServerSide } = prepared;
  await runHooks(isInstall ? "pre-install" : "pre-upgrade", writer, session);
  // What hooks have done is not what was looked at: then everything is applied.
  const seen = hasHooksBefore(prepared)
    ? sights.map((sight) => (sight.outcome === "unchanged" ? { ...sight, outcome: "configured" as const } : sight))
    : sights;
  const applied = await applyObjects(seen, session, {
    isServerSide,
    forceConflicts: request.forceConflicts,
    before,
    isDefined,
  });
  const gone = await prune(leaving, session);
  if (!request.noWait) await waitReady(applied, session);
  await runHooks(isInstall ? "post-install" : "post-upgrade", writer, session);
  await writer.finish("deployed", isInstall ? "Install complete" : "Upgrade complete");
  return [
    ...applied.map((object, index) => ({ object: nameOf(object), outcome: seen[index]?.outcome ?? "configured" })),
    ...gone,
  ];
}

/** The revision before is one that was; where none was deployed, the failed one that this release upgraded over. */
async function supersede(
  { revisions, last, deployed, session, isInstall }: Prepared,
  store: RecordStore,
): Promise<void> {
  const old = revisions.filter(({ status }) => status === "deployed");
  const over: readonly Revision[] = deployed === undefined && !isInstall && last?.status === "failed" ? [last] : old;
  for (const revision of over) await store.setInfo(revision, { status: "superseded" }, session);
}
