import pLimit from "p-limit";
import { OperatorError } from "../../../lib/errors/index.ts";
import { compiledEngine } from "./engine-file.ts";
import { EngineThread } from "./engine-thread.ts";
import { decodeAnswer, type EngineAnswer, encodeRequest } from "./frame.ts";
import type { JsonObject } from "./json-object.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

export interface DeskRequest {
  readonly request: JsonObject & { readonly operation: string };
  readonly attachments?: readonly Uint8Array[];
  /** For messages: "chart web". */
  readonly what: string;
  readonly timeoutMs?: number | undefined;
}

/** Where requests queue: one thread answers them in turn, and a fresh one takes its place when it had to be stopped. */
export interface EngineDesk {
  readonly ask: (request: DeskRequest, call: { readonly signal: AbortSignal }) => Promise<EngineAnswer>;
  readonly close: () => Promise<void>;
}

/** Opens a desk; the thread is started by the first request and kept. */
export function openDesk(places: { readonly engine: readonly string[]; readonly worker: string }): EngineDesk {
  const oneByOne = pLimit(1);
  const closing = new AbortController();
  let thread: EngineThread | undefined;

  const threadThatLives = (compiled: Promise<WebAssembly.Module>): EngineThread => {
    if (thread === undefined || thread.isGone) thread = new EngineThread(places.worker, compiled);
    return thread;
  };

  const inTurn = (asked: DeskRequest, signal: AbortSignal): Promise<EngineAnswer> =>
    oneByOne(async () => {
      signal.throwIfAborted();
      const compiled = compiledEngine(places.engine);
      const living = threadThatLives(compiled);
      // The limit is for the work, not for the start.
      await compiled;
      const outcome = await living.ask(encodeRequest(asked.request, asked.attachments), {
        timeoutMs: asked.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        signal,
      });
      if (outcome.kind === "answered") return decodeAnswer(outcome.frame);
      throw outcome.kind === "timeout" ? tookTooLong(asked) : ranOut(asked, outcome.why);
    });

  return {
    ask: (asked, call) => {
      const signal = AbortSignal.any([call.signal, closing.signal]);
      return untilAborted(inTurn(asked, signal), signal);
    },
    close: async () => {
      closing.abort(new Error("the chart engine was closed"));
      await thread?.end();
    },
  };
}

/** Whoever waits in the queue need not wait for those before to be told that it is over. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function tookTooLong(asked: DeskRequest): OperatorError {
  const seconds = (asked.timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000;
  return new OperatorError("CHART_TIMEOUT", `${asked.what}: not finished within ${seconds} s, so it was stopped`, {
    next: ["Look for a loop without end in its templates, or for one that the values make very long."],
  });
}

/** What Go and V8 say is for us, not for an operator, and may hold values: it goes into the cause only as its first line. */
function ranOut(asked: DeskRequest, why: string): OperatorError {
  return new OperatorError(
    "CHART_RENDER_FAILED",
    `${asked.what}: it needs more memory or a deeper stack than it may have`,
    {
      next: ["Look for templates that include themselves, or that repeat a text very often."],
      cause: new Error(why.split("\n", 2).join(" ").slice(0, 300)),
    },
  );
}
