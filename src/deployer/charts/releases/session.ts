import type { Cluster } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { OperatorError } from "../../../lib/errors/index.ts";
import type { Owner } from "./ownership.ts";
import type { ReleaseEvent } from "./types.ts";

/** Who Zarf is to server-side apply: objects of packages are its own, so that both tools can take turns. */
export const fieldManager = "zarf";
/** Requests under way at the same time. */
export const concurrency = 24;

/** What every step of one deployment shares. */
export interface Session {
  /** Outlives restarts of the API server. */
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly owner: Owner;
  readonly tell: (event: ReleaseEvent) => void;
  /** Milliseconds since 1970 when hooks and waiting must have ended. */
  readonly deadline: number;
}

export const timeLeftMs = ({ clock, deadline }: Session): number => deadline - clock.now().getTime();

/**
 * Runs `work` until it ends or the session's time is over; a late end is RELEASE_NOT_READY with what `lastReasons` says then.
 */
export async function withinTime<T>(
  session: Session,
  late: () => OperatorError,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const isLate = Symbol("late");
  const signal = AbortSignal.any([session.signal, ended.signal]);
  const timer = session.clock
    .sleep(Math.max(0, timeLeftMs(session)), { signal })
    .then(() => ended.abort(isLate))
    .catch(() => {});
  try {
    return await work(signal);
  } catch (error) {
    session.signal.throwIfAborted();
    if (ended.signal.reason === isLate) throw late();
    throw error;
  } finally {
    ended.abort();
    await timer;
  }
}
