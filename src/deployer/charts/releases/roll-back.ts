import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import { applyObjects } from "./apply-objects.ts";
import { releaseOf } from "./errors.ts";
import { customLabels, readRevisions } from "./history.ts";
import { lookAt } from "./look.ts";
import { chooseMethod, type Prepared, recordedObjects } from "./prepare.ts";
import { lookAtLeaving, prune } from "./prune.ts";
import { identity } from "./read-manifest.ts";
import { type RecordStore, revisionsToForget } from "./record-store.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { openRevision, timestamp } from "./revision-writer.ts";
import { runHooks } from "./run-hooks.ts";
import type { Session } from "./session.ts";
import type { ReleaseRequest } from "./types.ts";
import { waitReady } from "./wait-ready.ts";

interface Failure {
  readonly prepared: Prepared;
  readonly request: ReleaseRequest;
  readonly store: RecordStore;
  /** The revision that failed. */
  readonly failed: ReleaseRecord;
}

/**
 * Deploys the newest deployed revision again, as a revision of its own: what a failed upgrade has changed is changed back, what
 * it has made goes away. It has as much time as the upgrade had.
 *
 * @returns the failure of the upgrade, saying what became of the release; RELEASE_ROLLBACK_FAILED when it could not be
 */
export async function rollBack(failure: OperatorError, context: Failure): Promise<OperatorError> {
  const { prepared, request } = context;
  const target = prepared.deployed?.revision ?? 0;
  prepared.session.tell({ type: "rollingBack", toRevision: target, because: failure.message });
  const session: Session = {
    ...prepared.session,
    deadline: prepared.session.clock.now().getTime() + request.timeoutMs,
  };
  try {
    const revision = await deployAgain(context, session);
    return new OperatorError(
      failure.code,
      `${failure.message}. Rolled back: revision ${revision} is revision ${target} again`,
      {
        where: failure.where,
        next: failure.next,
        retry: failure.retry,
        problems: failure.problems,
        cause: failure,
      },
    );
  } catch (error) {
    session.signal.throwIfAborted();
    if (!isOperatorError(error)) throw error;
    return new OperatorError(
      "RELEASE_ROLLBACK_FAILED",
      `${failure.message}. Rolling back to revision ${target} has failed as well: ${error.message}`,
      {
        where: error.where,
        next: [...failure.next, ...error.next],
        retry: "later",
        cause: failure,
        problems: [
          { message: failure.message, where: failure.where },
          { message: error.message, where: error.where },
        ],
      },
    );
  }
}

async function deployAgain({ prepared, request, store, failed }: Failure, session: Session): Promise<number> {
  const { deployed } = prepared;
  if (deployed === undefined) throw new Error(`${releaseOf(session.owner)}: nothing to roll back to`);
  const target = deployed.release();
  const isServerSide = chooseMethod(request.serverSideApply, deployed);
  const revision = failed.version + 1;
  const revisions = await readRevisions(session.cluster, session.owner, session);
  for (const old of revisionsToForget(revisions, request.maxHistory)) await store.delete(old, session);
  const release: ReleaseRecord = {
    ...target,
    info: {
      ...(failed.info.first_deployed === undefined ? {} : { first_deployed: failed.info.first_deployed }),
      last_deployed: timestamp(session.clock),
      description: `Rollback to ${target.version}`,
      status: "pending-rollback",
      rollback_revision: target.version,
      ...(target.info.notes === undefined ? {} : { notes: target.info.notes }),
    },
    version: revision,
    apply_method: isServerSide ? "ssa" : "csa",
  };
  const writer = await openRevision(release, { store, labels: customLabels(deployed), signal: session.signal });
  try {
    await runHooks("pre-rollback", writer, session);
    const objects = await recordedObjects(deployed, session);
    const sights = await lookAt(objects, session, {
      isServerSide,
      forceConflicts: request.forceConflicts,
      takeOwnership: true,
      deployed: () => undefined,
      isPlan: false,
    });
    const before = new Map(prepared.sights.map(({ object }) => [identity(object), object]));
    const applied = await applyObjects(sights, session, {
      isServerSide,
      forceConflicts: request.forceConflicts,
      before: (object) => before.get(identity(object)),
      isDefined: prepared.isDefined,
    });
    const kept = new Set(objects.map(identity));
    const extra = prepared.sights.map(({ object }) => object).filter((object) => !kept.has(identity(object)));
    await prune(await lookAtLeaving(extra, session), session);
    if (!request.noWait) await waitReady(applied, session);
    await runHooks("post-rollback", writer, session);
    await writer.finish("deployed", `Rollback to ${target.version}`);
  } catch (error) {
    await writer.fail(`Rollback "${request.name}" failed: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
  for (const old of revisions.filter(({ status }) => status === "deployed"))
    await store.setInfo(old, { status: "superseded" }, session);
  return revision;
}
