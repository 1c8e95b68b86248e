import { isOperatorError } from "../../../lib/errors/index.ts";
import { type Revision, readRevisions } from "./history.ts";
import { openSession, recordedObjects } from "./prepare.ts";
import { type Leaving, lookAtLeaving, prune } from "./prune.ts";
import { identity } from "./read-manifest.ts";
import { createRecordStore } from "./record-store.ts";
import { timestamp, writerOf } from "./revision-writer.ts";
import { runHooks } from "./run-hooks.ts";
import { type Session, timeLeftMs } from "./session.ts";
import type { UninstallOutcome, UninstallRequest } from "./types.ts";

/**
 * Takes a release away: hooks before, its objects in Helm's order (those that ask to stay and those that belong to others
 * stay), hooks after, then every revision of its record. Safe to repeat: after an interrupt the next call goes on. Definitions
 * from crds/ and namespaces stay.
 *
 * @throws OperatorError RELEASE_HOOK_FAILED, RELEASE_RECORD_INVALID, KUBE_…
 */
export async function uninstallRelease(request: UninstallRequest): Promise<UninstallOutcome> {
  const session = openSession(request);
  const { cluster, owner, signal, clock } = session;
  const revisions = await readRevisions(cluster, owner, { signal });
  const last = revisions.at(-1);
  if (last === undefined)
    return {
      outcome: "missing",
      objects: [],
      warnings: [`there is no release ${owner.name} in namespace ${owner.namespace}`],
    };
  const store = createRecordStore(cluster, { clock });
  const forget = async () => {
    // The newest goes last: as long as it is there, the next call knows what to do.
    for (const revision of revisions) await store.delete(revision, { signal });
  };
  if (last.status === "uninstalled") {
    await forget();
    return { outcome: "uninstalled", objects: [], warnings: [] };
  }
  const info = {
    ...last.release().info,
    deleted: timestamp(clock),
    status: "uninstalling" as const,
    description: "Deletion in progress (or silently failed)",
  };
  const opened = await store.setInfo(last, info, { signal });
  const writer = writerOf(opened, opened.release(), { store, signal });
  await runHooks("pre-delete", writer, session);
  const leaving = await lookAtLeaving(await everythingOf(revisions, session), session);
  const objects = await prune(leaving, session);
  const warnings = [...keptOnes(leaving), ...(await waitGone(leaving, session))];
  warnings.push(...(await afterwards(() => runHooks("post-delete", writer, session))));
  await forget();
  return { outcome: "uninstalled", objects, warnings };
}

/** The objects of the newest revision, and of older ones that failed in the middle and may have left some. */
async function everythingOf(revisions: readonly Revision[], session: Session): ReturnType<typeof recordedObjects> {
  const from = revisions.findLast(({ status }) => status === "deployed")?.revision ?? 0;
  const found = new Map<string, Awaited<ReturnType<typeof recordedObjects>>[number]>();
  for (const revision of revisions.filter((one) => one.revision >= from))
    for (const object of await recordedObjects(revision, session)) found.set(identity(object), object);
  return [...found.values()];
}

function keptOnes(leaving: readonly Leaving[]): readonly string[] {
  return leaving
    .filter(({ outcome }) => outcome === "kept")
    .map(({ object, reason }) => `${object} stays: ${reason ?? ""}`);
}

/** The release is gone when its objects are; what a finalizer keeps beyond the time is named. */
async function waitGone(leaving: readonly Leaving[], session: Session): Promise<readonly string[]> {
  let there = leaving.filter(({ outcome }) => outcome === "pruned");
  for (;;) {
    const now = await lookAtLeaving(
      there.map(({ live }) => live),
      session,
    );
    const same = new Set(now.map(({ live }) => live.metadata.uid));
    there = there.filter(({ live }) => same.has(live.metadata.uid));
    if (there.length === 0) return [];
    for (const { object } of there) session.tell({ type: "waiting", object, reason: "it is being deleted" });
    if (timeLeftMs(session) <= 0) return there.map(({ object }) => `${object} is still being deleted`);
    await session.clock.sleep(Math.min(250, Math.max(1, timeLeftMs(session))), { signal: session.signal });
  }
}

/** What the objects' end has set in motion cannot be undone: a hook that fails afterwards is told, not thrown. */
async function afterwards(work: () => Promise<void>): Promise<readonly string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (isOperatorError(error, "RELEASE_HOOK_FAILED")) return [error.message];
    throw error;
  }
}
