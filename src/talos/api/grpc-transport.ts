import { isIP, isIPv6 } from "node:net";
import { create, type DescMessage, type DescMethod, type MessageShape } from "@bufbuild/protobuf";
import {
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  connectivityState,
  Client as GrpcClient,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { callError } from "./failures.ts";
import { NodeCredentials } from "./handshake.ts";
import type { NodeIdentity } from "./identity.ts";
import type { TalosTransport, TransportCallOptions } from "./transport.ts";
import { deserializer, MAX_MESSAGE_BYTES, methodPath, serializer } from "./wire.ts";

const DEFAULT_DEADLINE_MS = 10_000;

/** What every channel to a node is made with; each line is there because something fails without it. */
const channelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  // A proxy variable of the laptop must not decide how a machine on the same switch is reached.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  "grpc.use_local_subchannel_pool": 1,
  // A node that reboots says no goodbye: streams notice within 15 s.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
};

export interface TransportTarget {
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly identity: NodeIdentity;
}

/** Opens nothing yet: the first call connects. */
export function createGrpcTransport(to: TransportTarget): TalosTransport {
  const credentials = new NodeCredentials(to.identity, to.address);
  const client = new GrpcClient(targetOf(to), credentials, channelOptions);

  const failed = (method: DescMethod, options: TransportCallOptions, cause: ServiceError): unknown => {
    if (options.signal.aborted) return options.signal.reason;
    const refusal = options.refused?.(cause.code, cause.details);
    if (refusal !== undefined) return refusal;
    return callError({
      node: to.node,
      method: methodPath(method).slice(1),
      code: cause.code,
      details: cause.details,
      connected: client.getChannel().getConnectivityState(false) === connectivityState.READY,
      handshake: credentials.failure,
      deadlineMs: options.deadlineMs,
      cause,
    });
  };

  /** Ends the call when the signal does, with one listener however many messages pass. */
  const cancelled = async <T>(
    signal: AbortSignal,
    call: { readonly cancel: () => void },
    work: () => Promise<T>,
  ): Promise<T> => {
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await work();
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };

  return {
    unary: async (method, request, given) => {
      given.signal.throwIfAborted();
      const options = { deadlineMs: DEFAULT_DEADLINE_MS, ...given };
      const { promise, resolve, reject } = Promise.withResolvers<MessageShape<(typeof method)["output"]>>();
      const call: ClientUnaryCall = client.makeUnaryRequest(
        methodPath(method),
        serializer(method.input),
        deserializer(method.output),
        create(method.input, request),
        new Metadata(),
        deadline(options),
        (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
      );
      return cancelled(options.signal, call, () => promise).catch((error: ServiceError) => {
        throw failed(method, options, error);
      });
    },

    serverStream: async function* (method, request, options) {
      options.signal.throwIfAborted();
      const stream: ClientReadableStream<MessageShape<(typeof method)["output"]>> = client.makeServerStreamRequest(
        methodPath(method),
        serializer(method.input),
        deserializer(method.output),
        create(method.input, request),
        new Metadata(),
        deadline(options),
      );
      // The status of a call that we leave early comes when nobody listens any more.
      stream.on("error", () => undefined);
      const cancel = () => stream.cancel();
      options.signal.addEventListener("abort", cancel, { once: true });
      try {
        for await (const message of stream) yield message as MessageShape<(typeof method)["output"]>;
      } catch (error) {
        throw failed(method, options, error as ServiceError);
      } finally {
        options.signal.removeEventListener("abort", cancel);
        stream.cancel();
      }
      options.signal.throwIfAborted();
    },

    clientStream: async (method, requests, options) => {
      options.signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<MessageShape<(typeof method)["output"]>>();
      const call: ClientWritableStream<MessageShape<(typeof method)["input"]>> = client.makeClientStreamRequest(
        methodPath(method),
        serializer(method.input),
        deserializer(method.output),
        new Metadata(),
        deadline(options),
        (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
      );
      // Whoever notices the end first, the pump or the answer: the other must not be an unhandled rejection.
      promise.catch(() => undefined);
      call.on("error", () => undefined);
      const ended = promise.then(
        () => undefined,
        () => undefined,
      );
      return cancelled(options.signal, call, async () => {
        try {
          await pump(call, requests, method.input, ended);
        } catch (error) {
          call.cancel();
          throw options.signal.aborted ? options.signal.reason : error;
        }
        return promise.catch((error: ServiceError) => {
          throw failed(method, options, error);
        });
      });
    },

    close: () => client.close(),
  };
}

/** Writes all requests, waiting for room after each that filled the buffer; stops early when the node has answered. */
async function pump<I extends DescMessage>(
  call: ClientWritableStream<MessageShape<I>>,
  requests: AsyncIterable<Parameters<typeof create<I>>[1]>,
  schema: I,
  ended: Promise<undefined>,
): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for await (const request of requests) {
    if (over) return;
    const room = call.write(create(schema, request));
    if (!room) await Promise.race([new Promise<void>((resume) => call.once("drain", resume)), ended]);
  }
  call.end();
}

function deadline({ deadlineMs }: TransportCallOptions): { readonly deadline?: number } {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}

function targetOf({ address, port }: TransportTarget): string {
  if (isIPv6(address)) return `ipv6:[${address}]:${port}`;
  return `${isIP(address) === 4 ? "ipv4" : "dns"}:${address}:${port}`;
}
