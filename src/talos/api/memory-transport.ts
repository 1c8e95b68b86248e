import {
  create,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { Clock } from "../../lib/clock.ts";
import { callError } from "./failures.ts";
import type { HandshakeFailure } from "./handshake.ts";
import type { MemoryConnection } from "./memory-server.ts";
import type { TalosTransport, TransportCallOptions } from "./transport.ts";
import { deserializer, methodPath, serializer } from "./wire.ts";

/** Where a transport in memory leads. */
export interface MemoryTarget {
  readonly node: string;
  readonly clock: Clock;
  /** Time that one message takes on the way, in milliseconds. */
  readonly latencyMs: number;
  /** Opens a connection, or says why none comes about. */
  readonly connect: (options: {
    readonly signal: AbortSignal;
  }) => Promise<
    { readonly connection: MemoryConnection } | { readonly refused: string; readonly handshake?: HandshakeFailure }
  >;
}

const DEFAULT_DEADLINE_MS = 10_000;
/** A node that is gone says no goodbye: the keepalive of the real transport notices after so long. */
const KEEPALIVE_MS = 15_000;

/** Why the timers of a call end with it; one for all, since making an error costs more than the call. */
const ENDED = new Error("the call is over");

interface Failed {
  readonly code: status;
  readonly details: string;
  readonly connected: boolean;
  readonly handshake?: HandshakeFailure;
}

class CallFailed extends Error {
  readonly failed: Failed;
  constructor(failed: Failed) {
    super(failed.details);
    this.failed = failed;
  }
}

/**
 * The calls of one node without a socket: the same messages as bytes, the same deadlines, statuses and errors as the gRPC
 * transport, in the time of the clock that is given.
 */
export function createMemoryTransport(to: MemoryTarget): TalosTransport {
  const closed = new AbortController();
  let open: MemoryConnection | undefined;

  const connected = async (signal: AbortSignal): Promise<MemoryConnection> => {
    if (open !== undefined && !open.ended.aborted) return open;
    const outcome = await to.connect({ signal });
    if ("connection" in outcome) {
      open = outcome.connection;
      return open;
    }
    const { refused, handshake } = outcome;
    const failed = { code: status.UNAVAILABLE, details: refused, connected: false };
    throw new CallFailed(handshake === undefined ? failed : { ...failed, handshake });
  };

  const translate = (method: DescMethod, options: TransportCallOptions, error: unknown): unknown => {
    if (options.signal.aborted) return options.signal.reason;
    const failed = failedOf(error);
    if (failed === undefined) return error;
    const refusal = options.refused?.(failed.code, failed.details);
    if (refusal !== undefined) return refusal;
    return callError({
      node: to.node,
      method: methodPath(method).slice(1),
      code: failed.code,
      details: failed.details,
      connected: failed.connected,
      handshake: failed.handshake,
      deadlineMs: options.deadlineMs,
      cause: error,
    });
  };

  async function* answers<I extends DescMessage, O extends DescMessage>(
    method: DescMethod & { readonly input: I; readonly output: O },
    requests: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options: TransportCallOptions,
  ): AsyncGenerator<MessageShape<O>> {
    options.signal.throwIfAborted();
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, closed.signal, over.signal]);
    const limit = startDeadline(to.clock, options.deadlineMs, over.signal);
    const read = deserializer(method.output);
    let connection: MemoryConnection | undefined;
    try {
      connection = await Promise.race([connected(signal), limit]);
      await to.clock.sleep(to.latencyMs, { signal });
      const gone = endOf(connection, to.clock, over.signal);
      const stream = connection.call(methodPath(method), requests(), { signal })[Symbol.asyncIterator]();
      for (;;) {
        const next = stream.next();
        // Whoever loses the race must not be an unhandled rejection.
        next.catch(() => undefined);
        const result = await Promise.race([next, gone, limit]);
        if (result.done === true) return;
        yield read(result.value);
      }
    } catch (error) {
      throw translate(method, options, withConnection(error, connection));
    } finally {
      over.abort(ENDED);
    }
  }

  const encoded = <I extends DescMessage>(schema: I, message: MessageInitShape<I>): Uint8Array =>
    serializer(schema)(create(schema, message));

  return {
    unary: async (method, request, given) => {
      const options = { deadlineMs: DEFAULT_DEADLINE_MS, ...given };
      for await (const answer of answers(method, () => [encoded(method.input, request)], options)) return answer;
      throw translate(method, options, lost("no answer"));
    },
    serverStream: async function* (method, request, options) {
      yield* answers(method, () => [encoded(method.input, request)], options);
      options.signal.throwIfAborted();
    },
    clientStream: async (method, requests, options) => {
      const all = async function* () {
        for await (const request of requests) yield encoded(method.input, request);
      };
      for await (const answer of answers(method, all, options)) return answer;
      throw translate(method, options, lost("no answer"));
    },
    close: () => {
      closed.abort(new Error("the connection was closed"));
      open?.close();
    },
  };
}

/** Rejects when the time is over; never resolves. */
function startDeadline(clock: Clock, deadlineMs: number | undefined, signal: AbortSignal): Promise<never> {
  if (deadlineMs === undefined) return new Promise<never>(() => undefined);
  const passed = clock.sleep(deadlineMs, { signal }).then(() => {
    throw new CallFailed({ code: status.DEADLINE_EXCEEDED, details: "Deadline exceeded", connected: false });
  });
  return quietly(passed);
}

/** Rejects when the connection ends under a call: at once with a goodbye, after the keepalive without one. */
function endOf(connection: MemoryConnection, clock: Clock, signal: AbortSignal): Promise<never> {
  const ended = new Promise<void>((resolve) => {
    if (connection.ended.aborted) return resolve();
    connection.ended.addEventListener("abort", () => resolve(), { once: true, signal });
  });
  const failed = ended.then(async () => {
    if (connection.ended.reason !== "closed") await clock.sleep(KEEPALIVE_MS, { signal });
    throw lost("the connection was lost");
  });
  return quietly(failed);
}

const lost = (details: string) => new CallFailed({ code: status.UNAVAILABLE, details, connected: false });

function quietly(promise: Promise<never>): Promise<never> {
  promise.catch(() => undefined);
  return promise;
}

function withConnection(error: unknown, connection: MemoryConnection | undefined): unknown {
  const isOpen = connection !== undefined && !connection.ended.aborted;
  return error instanceof CallFailed && isOpen ? new CallFailed({ ...error.failed, connected: true }) : error;
}

function failedOf(error: unknown): Failed | undefined {
  if (error instanceof CallFailed) return error.failed;
  const { code, details } = (error ?? {}) as { readonly code?: unknown; readonly details?: unknown };
  if (typeof code !== "number" || typeof details !== "string") return undefined;
  return { code, details, connected: true };
}
