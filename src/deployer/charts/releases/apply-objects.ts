import pMap from "p-map";
import { type KubeObject, objectName, readiness, refOf } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { applyFromClient } from "./client-side.ts";
import { joined } from "./errors.ts";
import { batchesByKind } from "./kind-order.ts";
import type { Sight } from "./look.ts";
import { takeOver } from "./managed-fields.ts";
import { nameOf } from "./read-manifest.ts";
import { explain } from "./refusals.ts";
import { concurrency, fieldManager, type Session } from "./session.ts";

/** A kind is served within a moment of its definition; beyond this something is wrong with the definition. */
const servedWithinMs = 30_000;
/** An object that is being deleted and has no finalizers is gone within a moment. */
const goneWithinMs = 30_000;

export interface ApplyOptions {
  readonly isServerSide: boolean;
  readonly forceConflicts: boolean;
  /** The object as the release had it before, by identity; what the client merges starts from it. */
  readonly before: (object: KubeObject) => KubeObject | undefined;
  /** "apiVersion kind" that the release defines itself: waited for. */
  readonly isDefined: (object: KubeObject) => boolean;
}

/**
 * Applies objects in their order, those of one kind at the same time. Every refusal of a kind is collected before the first
 * one is thrown, so that nothing is under way any more when this ends.
 *
 * @returns the objects as the server keeps them, in the same order
 * @throws OperatorError RELEASE_…
 */
export async function applyObjects(
  sights: readonly Sight[],
  session: Session,
  options: ApplyOptions,
): Promise<readonly KubeObject[]> {
  const applied: KubeObject[] = [];
  const sightOf = new Map(sights.map((sight) => [sight.object, sight]));
  for (const batch of batchesByKind(sights.map(({ object }) => object))) {
    session.signal.throwIfAborted();
    const failures: unknown[] = [];
    const answers = await pMap(
      batch,
      async (object) => {
        const sight = sightOf.get(object) as Sight;
        try {
          const answer = await applyOne(sight, session, options);
          session.tell({ type: "object", object: nameOf(answer), outcome: sight.outcome });
          return answer;
        } catch (error) {
          failures.push(error);
          return object;
        }
      },
      { concurrency },
    );
    session.signal.throwIfAborted();
    if (failures.length > 0) throw joined(failures);
    applied.push(...answers);
  }
  return applied;
}

async function applyOne(sight: Sight, session: Session, options: ApplyOptions): Promise<KubeObject> {
  const { cluster, signal } = session;
  const { object } = sight;
  if (sight.outcome === "unchanged" && sight.live !== undefined) return sight.live;
  try {
    if (object.metadata.name === undefined) return await cluster.create(object, { fieldManager, signal });
    const live = await goneFirst(sight, session);
    const isPatient = options.isDefined(object) || object.kind === "CustomResourceDefinition";
    const apply = () => write(object, live, session, options);
    return isPatient ? await whenServed(object, session, apply) : await apply();
  } catch (error) {
    signal.throwIfAborted();
    throw await explain(error, object, session, { isExisting: sight.live !== undefined });
  }
}

async function write(
  object: KubeObject,
  live: KubeObject | undefined,
  session: Session,
  options: ApplyOptions,
): Promise<KubeObject> {
  const { cluster, signal } = session;
  if (!options.isServerSide) return applyFromClient(object, { live, before: options.before(object), cluster, signal });
  if (live !== undefined) await takeOver(live, session);
  return cluster.apply(object, { fieldManager, force: options.forceConflicts, signal });
}

/** The live object to write over; one that is being deleted is waited for, because a new one comes in its place. */
async function goneFirst({ object, live }: Sight, session: Session): Promise<KubeObject | undefined> {
  if (live?.metadata.deletionTimestamp === undefined) return live;
  const { cluster, clock, signal } = session;
  const until = clock.now().getTime() + goneWithinMs;
  for (;;) {
    const now = await cluster.get(refOf(object), { signal }).catch((error: unknown) => {
      if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
      throw error;
    });
    if (now?.metadata.deletionTimestamp === undefined) return now;
    session.tell({ type: "waiting", object: nameOf(object), reason: "the one of before is still being deleted" });
    if (clock.now().getTime() > until) return now;
    await clock.sleep(200, { signal });
  }
}

/** A definition is waited for until the server serves its kind, an object of a new kind until it is taken. */
async function whenServed(object: KubeObject, session: Session, apply: () => Promise<KubeObject>): Promise<KubeObject> {
  const { clock, signal } = session;
  const until = clock.now().getTime() + servedWithinMs;
  for (;;) {
    try {
      const answer = await apply();
      if (object.kind !== "CustomResourceDefinition") return answer;
      return await established(answer, session, until);
    } catch (error) {
      const mayCome = isOperatorError(error, "KUBE_KIND_UNKNOWN") || isOperatorError(error, "KUBE_NOT_FOUND");
      if (!mayCome || clock.now().getTime() > until) throw error;
    }
    session.tell({ type: "waiting", object: objectName(object), reason: "its kind is not served yet" });
    await clock.sleep(200, { signal });
  }
}

async function established(
  definition: KubeObject,
  { cluster, clock, signal }: Session,
  until: number,
): Promise<KubeObject> {
  let now = definition;
  while (readiness(now).status === "inProgress" && clock.now().getTime() < until) {
    await clock.sleep(100, { signal });
    now = await cluster.get(refOf(definition), { signal });
  }
  return now;
}
