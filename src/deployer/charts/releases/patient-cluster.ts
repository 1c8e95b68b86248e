import type { Cluster } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { type ErrorCode, isOperatorError, type OperatorError } from "../../../lib/errors/index.ts";

/** An API server that restarts is away for less than this; a longer silence is an answer too. */
const patienceMs = 120_000;
/** An answer that says "not now" may come from a broken webhook as well, which does not pass. */
const unavailableMs = 30_000;
const firstPauseMs = 200;
const longestPauseMs = 3_000;
/** Somebody else wrote at the same moment: the next attempt sees what they wrote. */
const maxConflicts = 6;

/** A server that has just started knows neither roles nor custom kinds yet. */
const passingAfterSilence: readonly ErrorCode[] = ["KUBE_FORBIDDEN", "KUBE_KIND_UNKNOWN"];

export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told once per attempt that has to be repeated. */
  readonly onRetry: (what: string, error: OperatorError) => void;
}

/**
 * The cluster, but calls that may be repeated outlive a restart of the API server in the middle, and a write that loses a race
 * against a controller is tried again. The very first call is not repeated: whoever cannot reach the cluster learns it at once.
 */
export function patientCluster(cluster: Cluster, patience: Patience): Cluster {
  let hasAnswered = false;
  const patient = async <T>(what: string, once: () => Promise<T>): Promise<T> => {
    const since = patience.clock.now().getTime();
    let pauseMs = firstPauseMs;
    let conflicts = 0;
    let wasSilent = false;
    for (;;) {
      try {
        const answer = await once();
        hasAnswered = true;
        return answer;
      } catch (error) {
        patience.signal.throwIfAborted();
        if (!isOperatorError(error)) throw error;
        const isSilence = error.code === "KUBE_UNREACHABLE" || error.code === "DEADLINE_EXCEEDED";
        const isBusy = error.code === "KUBE_UNAVAILABLE";
        // A conflict of fields names them; one without is a lost race.
        const isRace = error.code === "KUBE_CONFLICT" && error.problems.length === 0 && ++conflicts <= maxConflicts;
        const passed = wasSilent && passingAfterSilence.includes(error.code);
        const waitedMs = patience.clock.now().getTime() - since;
        const isLate = waitedMs > (isSilence || passed ? patienceMs : unavailableMs);
        if (!hasAnswered || isLate || !(isSilence || isBusy || isRace || passed)) throw error;
        if (isSilence || isBusy) {
          wasSilent = true;
          patience.onRetry(what, error);
        }
      }
      await patience.clock.sleep(pauseMs * (0.5 + Math.random() / 2), { signal: patience.signal });
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  };
  return {
    ...cluster,
    version: (call) => patient("ask for the version", () => cluster.version(call)),
    apiVersions: (call) => patient("ask what is served", () => cluster.apiVersions(call)),
    resourceOf: (kind, call) => patient(`find ${kind.kind}`, () => cluster.resourceOf(kind, call)),
    get: (ref, call) => patient(`get ${ref.kind}/${ref.name}`, () => cluster.get(ref, call)),
    list: (selection, call) => patient(`list ${selection.kind}`, () => cluster.list(selection, call)),
    apply: (object, options) =>
      patient(`apply ${object.kind}/${object.metadata.name ?? ""}`, () => cluster.apply(object, options)),
    delete: (ref, options) => patient(`delete ${ref.kind}/${ref.name}`, () => cluster.delete(ref, options)),
  };
}
