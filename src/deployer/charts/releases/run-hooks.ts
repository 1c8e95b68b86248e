import { type KubeObject, objectName, readiness, refOf } from "../../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import type { ReleaseHook } from "../engine/index.ts";
import { definedKinds } from "./defined-kinds.ts";
import { releaseOf } from "./errors.ts";
import { placeObjects, refuseUnknown } from "./place-objects.ts";
import { readManifest } from "./read-manifest.ts";
import { type RevisionWriter, timestamp } from "./revision-writer.ts";
import { fieldManager, type Session, withinTime } from "./session.ts";
import type { HookEvent } from "./types.ts";
import { type Judge, waitReady } from "./wait-ready.ts";

type Policy = "before-hook-creation" | "hook-succeeded" | "hook-failed";

const goneAfterMs = 150;

/** A hook's Job or Pod has to come to its end; whatever else a hook makes is done when it is there. */
const ended: Judge = (object) => {
  const state = readiness(object);
  if (object.kind === "Job" || object.kind === "Pod") {
    const isDone = state.message === "complete" || state.message === "finished";
    return state.status === "current" && !isDone ? { status: "inProgress", message: state.message } : state;
  }
  return { status: "current", message: "there" };
};

/** The hooks of an event in the order in which they run: by weight, then by name. */
export function hooksOf(hooks: readonly ReleaseHook[], event: HookEvent): readonly ReleaseHook[] {
  const order = (hook: ReleaseHook) => hook.weight ?? 0;
  return hooks
    .filter(({ events }) => events?.includes(event) === true)
    .toSorted((a, b) => order(a) - order(b) || compareNames(a.name ?? "", b.name ?? ""));
}

const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const hasPolicy = (hook: ReleaseHook, policy: Policy): boolean =>
  hook.delete_policies === undefined || hook.delete_policies.length === 0
    ? policy === "before-hook-creation"
    : hook.delete_policies.includes(policy);

/**
 * Runs the hooks of an event one after the other, each until its Job or Pod has ended, and deletes what their policies say.
 * Every run is recorded in the revision.
 *
 * @throws OperatorError RELEASE_HOOK_FAILED with the last reason seen
 * @see https://helm.sh/docs/topics/charts_hooks/
 */
export async function runHooks(event: HookEvent, writer: RevisionWriter, session: Session): Promise<void> {
  const hooks = hooksOf(writer.release().hooks ?? [], event);
  for (const [index, hook] of hooks.entries()) {
    const objects = await objectsOf(hook, session);
    try {
      await runHook(hook, objects, event, writer, session);
    } catch (error) {
      session.signal.throwIfAborted();
      if (hasPolicy(hook, "hook-failed")) await deleteHook(hook, objects, session);
      for (const earlier of hooks.slice(0, index))
        if (hasPolicy(earlier, "hook-succeeded")) await deleteHook(earlier, await objectsOf(earlier, session), session);
      throw error;
    }
  }
  for (const hook of hooks.toReversed())
    if (hasPolicy(hook, "hook-succeeded")) await deleteHook(hook, await objectsOf(hook, session), session);
}

async function runHook(
  hook: ReleaseHook,
  objects: readonly KubeObject[],
  event: HookEvent,
  writer: RevisionWriter,
  session: Session,
): Promise<void> {
  const { cluster, clock, owner, signal, tell } = session;
  const [first] = objects;
  const object = first === undefined ? `${hook.kind ?? ""}/${hook.name ?? ""}` : objectName(first);
  const failed = (reason: string, cause: unknown) =>
    new OperatorError("RELEASE_HOOK_FAILED", `${releaseOf(owner)}: the ${event} hook ${object} failed: ${reason}`, {
      where: { object },
      next: [
        `kubectl -n ${first?.metadata.namespace ?? owner.namespace} logs ${(first?.kind ?? "").toLowerCase()}/${first?.metadata.name ?? ""}    shows what it said`,
        "correct what it complains of, then run the same command again",
      ],
      retry: "later",
      cause,
    });
  if (hasPolicy(hook, "before-hook-creation")) await deleteHook(hook, objects, session);
  const started = timestamp(clock);
  await writer.setHook(hook, { started_at: started, phase: "Running" });
  tell({ type: "hook", object, event, phase: "running" });
  try {
    const created: KubeObject[] = [];
    for (const one of objects) {
      const isNamed = one.metadata.name !== undefined;
      created.push(await (isNamed ? cluster.apply : cluster.create)(one, { fieldManager, signal }));
    }
    await waitReady(created, session, { judge: ended, isHook: true });
  } catch (error) {
    signal.throwIfAborted();
    await writer.setHook(hook, { started_at: started, completed_at: timestamp(clock), phase: "Failed" });
    tell({ type: "hook", object, event, phase: "failed" });
    if (!isOperatorError(error)) throw error;
    if (error.code === "RELEASE_NOT_READY")
      throw failed(error.problems[0]?.message.split(": ").slice(1).join(": ") ?? "", error);
    throw failed(error.message, error);
  }
  await writer.setHook(hook, { started_at: started, completed_at: timestamp(clock), phase: "Succeeded" });
  tell({ type: "hook", object, event, phase: "succeeded" });
}

async function objectsOf(hook: ReleaseHook, session: Session): Promise<readonly KubeObject[]> {
  const objects = readManifest(hook.manifest ?? "", { file: hook.path ?? "a hook" });
  const placed = await placeObjects(objects, session, definedKinds(objects));
  refuseUnknown(placed, session);
  return placed.objects;
}

/** Deletes what a hook made, and waits until it is gone: the next run makes it anew. Definitions stay. */
async function deleteHook(hook: ReleaseHook, objects: readonly KubeObject[], session: Session): Promise<void> {
  if (hook.kind === "CustomResourceDefinition") return;
  const { cluster, clock, signal } = session;
  const there: KubeObject[] = [];
  for (const object of objects.filter(({ metadata }) => metadata.name !== undefined))
    if (await cluster.delete(refOf(object), { signal })) there.push(object);
  const late = () =>
    new OperatorError(
      "RELEASE_HOOK_FAILED",
      `${releaseOf(session.owner)}: the hook ${hook.name ?? ""} of before is not gone in time`,
      {
        next: ["kubectl get -o yaml shows which finalizer keeps it"],
        retry: "later",
      },
    );
  await withinTime(session, late, async (within) => {
    for (const object of there) {
      while (await isThere(object, session)) await clock.sleep(goneAfterMs, { signal: within });
    }
  });
}

async function isThere(object: KubeObject, { cluster, signal }: Session): Promise<boolean> {
  try {
    await cluster.get(refOf(object), { signal });
    return true;
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return false;
    throw error;
  }
}
