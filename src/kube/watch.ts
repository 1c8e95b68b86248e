import type { Clock } from "../lib/clock.ts";
import { type ErrorCode, isOperatorError, type OperatorError } from "../lib/errors/index.ts";
import { type KubeObject, record } from "./objects.ts";

/** What a watch tells. After `synced` every object that exists has been told. */
export type WatchEvent =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: KubeObject }
  | { readonly type: "synced" }
  /** The connection is gone; it is tried again. Nothing that happens meanwhile is lost. */
  | { readonly type: "interrupted"; readonly error: OperatorError };

export interface Listing {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

/** What list-watch needs of an API server. */
export interface ListWatchSource {
  readonly list: (options: { readonly signal: AbortSignal }) => Promise<Listing>;
  /** Raw events after `resourceVersion`: `{type, object}` as the server sends them. */
  readonly events: (resourceVersion: string, options: { readonly signal: AbortSignal }) => AsyncIterable<unknown>;
  /** Fills apiVersion and kind where the server leaves them out. */
  readonly toObject: (value: unknown) => KubeObject | undefined;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;

const key = (object: KubeObject): string => `${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`;
const version = (object: KubeObject): string => object.metadata.resourceVersion ?? "";

const passing: readonly ErrorCode[] = ["KUBE_UNREACHABLE", "KUBE_UNAVAILABLE", "DEADLINE_EXCEEDED"];
/** An API server that has just started knows neither roles nor custom kinds yet: these pass too, if it once knew them. */
const passingOnceSynced: readonly ErrorCode[] = ["KUBE_FORBIDDEN", "KUBE_KIND_UNKNOWN", "KUBE_NOT_FOUND"];

/** Whether waiting may help; any other refusal ends the watch instead. */
function mayPass(error: unknown, wasSynced: boolean): error is OperatorError {
  if (!isOperatorError(error)) return false;
  return passing.includes(error.code) || (wasSynced && passingOnceSynced.includes(error.code));
}

/**
 * Lists, then watches, for ever: resumes where it was after a broken connection, lists anew when the server has forgotten that
 * place (410) and tells the difference, so that the reader sees every object's last state whatever happened meanwhile.
 *
 * @param options.random - 0…1, spreads the pauses between attempts (250 ms, doubling up to 10 s)
 * @returns ends only by the signal, by leaving the loop, or by an error that waiting does not cure
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function* listWatch(
  source: ListWatchSource,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly random: () => number },
): AsyncGenerator<WatchEvent> {
  // Leaving the loop must close the open answer: the reader's signal alone does not know that.
  const left = new AbortController();
  const signal = AbortSignal.any([options.signal, left.signal]);
  const seen = new Map<string, KubeObject>();
  let resourceVersion: string | undefined;
  let pauseMs = firstPauseMs;
  let wasSynced = false;

  function* tellDifference({ items }: Listing): Generator<WatchEvent> {
    const gone = new Map(seen);
    for (const object of items) {
      const before = seen.get(key(object));
      gone.delete(key(object));
      seen.set(key(object), object);
      if (before === undefined) yield { type: "added", object };
      else if (before.metadata.uid !== object.metadata.uid) {
        yield { type: "deleted", object: before };
        yield { type: "added", object };
      } else if (version(before) !== version(object)) yield { type: "modified", object };
    }
    for (const [name, object] of gone) {
      seen.delete(name);
      yield { type: "deleted", object };
    }
  }

  try {
    for (;;) {
      try {
        if (resourceVersion === undefined) {
          const listing = await source.list({ signal });
          yield* tellDifference(listing);
          resourceVersion = listing.resourceVersion;
          wasSynced = true;
          yield { type: "synced" };
        }
        for await (const event of source.events(resourceVersion, { signal })) {
          const { type, object: value } = record(event) ?? {};
          if (type === "ERROR") {
            resourceVersion = undefined;
            // 410 is routine; anything else is told by the list that follows.
            break;
          }
          const object = source.toObject(value);
          if (object === undefined) continue;
          pauseMs = firstPauseMs;
          resourceVersion = version(object);
          if (type === "BOOKMARK") continue;
          if (type === "DELETED") {
            seen.delete(key(object));
            yield { type: "deleted", object };
          } else {
            const isNew = !seen.has(key(object));
            seen.set(key(object), object);
            yield { type: isNew ? "added" : "modified", object };
          }
        }
      } catch (error) {
        options.signal.throwIfAborted();
        if (isOperatorError(error, "KUBE_EXPIRED")) resourceVersion = undefined;
        else if (mayPass(error, wasSynced)) yield { type: "interrupted", error };
        else throw error;
      }
      await options.clock.sleep(pauseMs * (0.5 + options.random() / 2), { signal });
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  } finally {
    left.abort();
  }
}
