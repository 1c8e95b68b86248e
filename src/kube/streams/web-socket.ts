import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { OperatorError } from "../../lib/errors/index.ts";
import { transportError } from "../api/transport-error.ts";
import type { ClusterAccess } from "../kubeconfig.ts";
import { createFrameReader, encodeFrame, FrameError, opcodes } from "./frames.ts";
import { type Upgrade, type Upgraded, upgrade } from "./upgrade.ts";

/** Messages to and from an API server. */
export interface WebSocket {
  readonly protocol: string;
  /** Resolves when there is room for more; a message is what the parts make together. */
  readonly send: (...parts: readonly Uint8Array[]) => Promise<void>;
  /**
   * What the server sends until it closes; to be read once. No more is taken from the network than is read here. A message's bytes are
   * the reader's.
   */
  readonly messages: AsyncIterable<Buffer>;
  /** Ends it at once; safe to repeat. */
  readonly close: (reason?: Error) => void;
}

export interface KeepAlive {
  /** Between two signs of life that we ask for; default 20 000. */
  readonly pingMs: number;
  /** Silence after which the other end is gone; default 70 000. */
  readonly silenceMs: number;
}

const limits = { payloadBytes: 4 << 20, messageBytes: 8 << 20 };
const usualKeepAlive: KeepAlive = { pingMs: 20_000, silenceMs: 70_000 };

/** Opens a WebSocket to the API server; it lives until it is closed, the signal aborts or the other end is gone. */
export async function openWebSocket(
  access: ClusterAccess,
  wanted: Upgrade & { readonly keepAlive?: KeepAlive },
  { signal }: { readonly signal: AbortSignal },
): Promise<WebSocket> {
  const upgraded = await upgrade(access, wanted, { signal });
  return speak(upgraded, { access, wanted, keepAlive: wanted.keepAlive ?? usualKeepAlive, signal });
}

function speak(
  { socket, head, protocol }: Upgraded,
  given: {
    readonly access: ClusterAccess;
    readonly wanted: Upgrade;
    readonly keepAlive: KeepAlive;
    readonly signal: AbortSignal;
  },
): WebSocket {
  const { access, wanted, keepAlive, signal } = given;
  const what = `${wanted.doing.verb} ${wanted.doing.object}`;
  let endedBy: Error | undefined;
  let isClosed = false;
  /** When the reader began to wait for bytes; undefined while it is busy with those it has. */
  let waitingSince: number | undefined = performance.now();

  const close = (reason?: Error): void => {
    endedBy ??= reason;
    isClosed = true;
    socket.destroy();
  };
  const onAbort = (): void => close(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.setNoDelay(true);
  const pings = setInterval(() => {
    const isSilent = waitingSince !== undefined && performance.now() - waitingSince > keepAlive.silenceMs;
    if (isSilent) close(broken(what, `nothing came for ${keepAlive.silenceMs / 1000} s`));
    else if (socket.writable) socket.write(encodeFrame(opcodes.ping, [], randomBytes(4)));
  }, keepAlive.pingMs);
  // A reader may not be there (yet): what breaks is told to whoever sends or reads next.
  socket.on("error", (error) => {
    endedBy ??= transportError(error, what, access.server);
  });
  socket.once("close", () => {
    clearInterval(pings);
    signal.removeEventListener("abort", onAbort);
  });

  const send = async (...parts: readonly Uint8Array[]): Promise<void> => {
    if (!socket.writable) throw endedBy ?? broken(what, "the server closed the stream");
    if (socket.write(encodeFrame(opcodes.binary, parts, randomBytes(4)))) return;
    // Either there is room again, or it is over; the error is told by the next call.
    const over = new AbortController();
    try {
      await Promise.race([
        once(socket, "drain", { signal: over.signal }),
        once(socket, "close", { signal: over.signal }),
      ]).catch((error: unknown) => {
        throw endedBy ?? error;
      });
    } finally {
      over.abort();
    }
  };

  async function* frames(): AsyncGenerator<ReturnType<ReturnType<typeof createFrameReader>["push"]>[number]> {
    const reader = createFrameReader(limits);
    yield* reader.push(head);
    const chunks = socket.iterator({ destroyOnReturn: true })[Symbol.asyncIterator]();
    for (;;) {
      waitingSince = performance.now();
      const { value, done } = (await chunks.next()) as IteratorResult<Buffer, undefined>;
      waitingSince = undefined;
      if (done === true) return;
      yield* reader.push(value);
    }
  }

  async function* messages(): AsyncGenerator<Buffer> {
    let parts: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const { opcode, isFinal, payload } of frames()) {
        if (opcode === opcodes.close) return;
        if (opcode === opcodes.ping) socket.write(encodeFrame(opcodes.pong, [payload], randomBytes(4)));
        if (opcode >= opcodes.close) continue;
        bytes += payload.length;
        if (bytes > limits.messageBytes) throw new FrameError(`a message has more than ${limits.messageBytes} bytes`);
        parts.push(payload);
        if (!isFinal) continue;
        yield parts.length === 1 ? payload : Buffer.concat(parts);
        parts = [];
        bytes = 0;
      }
    } catch (error) {
      if (endedBy !== undefined) throw endedBy;
      // We hung up: there is nobody to tell.
      if (isClosed) return;
      if (!(error instanceof FrameError)) throw transportError(error, what, access.server);
      throw new OperatorError("KUBE_ANSWER_INVALID", `${what}: ${error.message}`, { retry: "later", cause: error });
    } finally {
      close();
    }
    // Somebody of us ended it, or it broke: that is not an end of what the server had to say.
    if (endedBy !== undefined) throw endedBy;
  }

  return { protocol, send, messages: messages(), close };
}

/** The stream ended where it should not have. */
export function broken(what: string, how: string, cause?: unknown): OperatorError {
  return new OperatorError("KUBE_STREAM_BROKEN", `${what}: ${how}`, {
    next: ["run the same command again", "skerry status    shows whether the node is well"],
    retry: "same",
    ...(cause === undefined ? {} : { cause }),
  });
}
