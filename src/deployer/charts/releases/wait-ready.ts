import {
  type KubeObject,
  type Listing,
  objectName,
  type Readiness,
  readiness,
  record,
  refOf,
  type Selection,
} from "../../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import { releaseOf } from "./errors.ts";
import { ownedSelector } from "./ownership.ts";
import { podReasons } from "./pod-reasons.ts";
import { type Session, withinTime } from "./session.ts";

/** Beside the watch, which says when something changes: how often the Pods behind an object are asked for their reasons. */
const reasonsEveryMs = 5_000;
const firstReasonsMs = 1_000;

interface Waited {
  readonly object: string;
  readonly ref: KubeObject;
  state: Readiness;
}

export type Judge = (object: KubeObject) => Readiness;

/** A Deployment that somebody has paused makes no progress on purpose. */
const released: Judge = (object) =>
  object.kind === "Deployment" && record(object["spec"])?.["paused"] === true
    ? { status: "current", message: "paused" }
    : readiness(object);

/**
 * Waits until every object is what its spec asks for, by the rules of kstatus. Watches, so that it ends at once when the
 * last object is ready; tells a reason per object whenever it changes.
 *
 * @param objects - as the server answered
 * @throws OperatorError RELEASE_NOT_READY with the last reason of every object that is not ready, after the session's time
 *   or as soon as one has failed in a way that waiting does not cure
 */
export async function waitReady(
  objects: readonly KubeObject[],
  session: Session,
  options: { readonly judge?: Judge; readonly isHook?: boolean } = {},
): Promise<void> {
  const judge = options.judge ?? released;
  const waited = new Map<string, Waited>();
  for (const object of objects) {
    const state = judge(object);
    if (state.status !== "current") waited.set(keyOf(object), { object: objectName(object), ref: object, state });
    else session.tell({ type: "ready", object: objectName(object) });
  }
  const failedNow = () => [...waited.values()].filter(({ state }) => state.status === "failed");
  if (waited.size === 0) return;
  for (const { object, state } of waited.values()) session.tell({ type: "waiting", object, reason: state.message });

  const late = () => notReady([...waited.values()], session, "is not ready in time");
  await withinTime(session, late, async (signal) => {
    const done = new AbortController();
    const inner = AbortSignal.any([signal, done.signal]);
    const see = (object: KubeObject, isGone: boolean): void => {
      const one = waited.get(keyOf(object));
      if (one === undefined || done.signal.aborted) return;
      const state: Readiness = isGone ? { status: "inProgress", message: "it has been deleted" } : judge(object);
      if (state.status === "current") {
        waited.delete(keyOf(object));
        session.tell({ type: "ready", object: one.object });
      } else if (state.message !== one.state.message || state.status !== one.state.status) {
        one.state = state;
        session.tell({ type: "waiting", object: one.object, reason: state.message });
      }
      if (waited.size === 0 || state.status === "failed") done.abort();
    };
    const watches = groups([...waited.values()], options.isHook === true).map((group) =>
      follow(group, session, inner, see),
    );
    const reasons = tellReasons(waited, session, inner);
    try {
      await Promise.race([untilAborted(inner), ...watches.map(rejectOnly)]);
    } finally {
      done.abort();
      await Promise.allSettled([...watches, reasons]);
    }
    signal.throwIfAborted();
    const failed = failedNow();
    if (failed.length > 0) throw notReady([...waited.values()], session, "has failed");
  });
}

const keyOf = ({ apiVersion, kind, metadata }: KubeObject): string =>
  [apiVersion, kind, metadata.namespace ?? "", metadata.name ?? ""].join(" ");

const rejectOnly = (work: Promise<void>): Promise<never> => work.then(() => new Promise<never>(() => {}));

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** All objects of the release of one kind in one namespace carry its label; a hook, which has no marks, is watched by name. */
function groups(waited: readonly Waited[], byName: boolean): readonly Selection[] {
  const found = new Map<string, Selection>();
  for (const { ref } of waited) {
    const { apiVersion, kind, metadata } = ref;
    const { namespace, name = "" } = metadata;
    found.set(`${apiVersion} ${kind} ${namespace ?? ""} ${byName ? name : ""}`, {
      apiVersion,
      kind,
      ...(namespace === undefined ? {} : { namespace }),
      ...(byName ? { fieldSelector: `metadata.name=${name}` } : { labelSelector: ownedSelector }),
    });
  }
  return [...found.values()];
}

async function follow(
  selection: Selection,
  { cluster }: Session,
  signal: AbortSignal,
  see: (object: KubeObject, isGone: boolean) => void,
): Promise<void> {
  try {
    for await (const event of cluster.watch(selection, { signal }))
      if (event.type !== "synced" && event.type !== "interrupted") see(event.object, event.type === "deleted");
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What keeps the Pods behind a workload from running says more than "0 of 1 replicas are available". */
async function tellReasons(waited: ReadonlyMap<string, Waited>, session: Session, signal: AbortSignal): Promise<void> {
  try {
    for (let pauseMs = firstReasonsMs; ; pauseMs = reasonsEveryMs) {
      await session.clock.sleep(pauseMs, { signal });
      await addReasons([...waited.values()], session, signal);
    }
  } catch (error) {
    // Reasons are a courtesy: the wait itself says what is wrong with the cluster.
    if (!signal.aborted && !isOperatorError(error)) throw error;
  }
}

async function addReasons(waited: readonly Waited[], session: Session, signal: AbortSignal): Promise<void> {
  const pods = new Map<string, Listing>();
  for (const one of waited.filter(({ state }) => state.status === "inProgress").slice(0, 20)) {
    const reason = await podReasons(one.ref, { cluster: session.cluster, signal, pods });
    const message = `${one.state.message.split(" (")[0] ?? ""}${reason === undefined ? "" : ` (${reason})`}`;
    if (message === one.state.message) continue;
    one.state = { ...one.state, message };
    session.tell({ type: "waiting", object: one.object, reason: message });
  }
}

function notReady(waited: readonly Waited[], { owner }: Session, why: string): OperatorError {
  const worst = waited.find(({ state }) => state.status === "failed") ?? waited[0];
  const many = waited.length > 1 ? ` (and ${waited.length - 1} more)` : "";
  const { namespace } = worst?.ref.metadata ?? {};
  const within = namespace === undefined ? "" : `-n ${namespace} `;
  return new OperatorError(
    "RELEASE_NOT_READY",
    `${releaseOf(owner)}: ${worst?.object ?? ""} ${why}: ${worst?.state.message ?? ""}${many}`,
    {
      where: worst === undefined ? {} : { object: worst.object },
      next: [
        `kubectl ${within}describe ${refOf(worst?.ref as KubeObject).kind.toLowerCase()} ${worst?.ref.metadata.name ?? ""}`,
        `kubectl ${within}get events --sort-by=.lastTimestamp`,
      ],
      retry: "later",
      problems: waited.map(({ object, state }) => ({ message: `${object}: ${state.message}`, where: { object } })),
    },
  );
}
