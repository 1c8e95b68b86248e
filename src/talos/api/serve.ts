import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Server,
  ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { deserializer, methodPath, serializer } from "./wire.ts";

/** A refusal with a gRPC status of its own; anything else that a handler throws is UNKNOWN, as in Go. */
export class RpcStatus extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}

export interface CallContext {
  /** `/machine.MachineService/Version` */
  readonly path: string;
  /** `address:port` of the caller. */
  readonly peer: string;
  /** Aborted when the caller goes away or its deadline passes. */
  readonly signal: AbortSignal;
}

type Handler<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, context: CallContext) => Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, context: CallContext) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, context: CallContext) => Promise<MessageInitShape<O>>
        : never;

export type Handlers<S extends DescService> = { readonly [K in keyof S["method"]]: Handler<S["method"][K]> };

/** Runs before every handler; throws an `RpcStatus` to refuse. */
export type Guard = (context: CallContext) => void;

type AnyHandler = (request: unknown, context: CallContext) => Promise<unknown> | AsyncIterable<unknown>;

/** Where handlers are put: a gRPC server behind a socket, or one in memory. */
export type CallRegistrar = Pick<Server, "register">;

/** Puts typed handlers behind a gRPC server; the simulated machines use it. */
export function serve<S extends DescService>(
  server: CallRegistrar,
  service: S,
  handlers: Handlers<S>,
  guard: Guard,
): void {
  for (const [name, handler] of Object.entries(handlers)) {
    const method = service.method[name];
    if (method !== undefined) register(server, method, handler as AnyHandler, guard);
  }
}

function register(server: CallRegistrar, method: DescMethod, handler: AnyHandler, guard: Guard): void {
  const path = methodPath(method);
  const read = deserializer(method.input);
  const write = serializer(method.output);
  const kinds = {
    unary: unary(method.output, path, handler, guard),
    server_streaming: serverStream(method.output, path, handler, guard),
    client_streaming: clientStream(method.output, path, handler, guard),
  };
  switch (method.methodKind) {
    case "unary":
      server.register(path, kinds.unary, write, read, "unary");
      return;
    case "server_streaming":
      server.register(path, kinds.server_streaming, write, read, "serverStream");
      return;
    case "client_streaming":
      server.register(path, kinds.client_streaming, write, read, "clientStream");
      return;
    default:
      throw new Error(`${path}: no adapter for ${method.methodKind}`);
  }
}

type Message = MessageShape<DescMessage>;

function unary(
  schema: DescMessage,
  path: string,
  handler: AnyHandler,
  guard: Guard,
): handleUnaryCall<Message, Message> {
  return (call, done) => {
    answer(schema, path, handler, guard, call, call.request).then(
      (message) => done(null, message),
      (error: unknown) => done(toStatus(error)),
    );
  };
}

function clientStream(
  schema: DescMessage,
  path: string,
  handler: AnyHandler,
  guard: Guard,
): handleClientStreamingCall<Message, Message> {
  return (call, done) => {
    answer(schema, path, handler, guard, call, call).then(
      (message) => done(null, message),
      (error: unknown) => done(toStatus(error)),
    );
  };
}

function serverStream(
  schema: DescMessage,
  path: string,
  handler: AnyHandler,
  guard: Guard,
): handleServerStreamingCall<Message, Message> {
  return (call) => {
    const context = contextOf(path, call);
    // A caller that went away is not our error.
    call.on("error", () => undefined);
    const run = async () => {
      guard(context);
      for await (const message of handler(call.request, context) as AsyncIterable<MessageInitShape<DescMessage>>) {
        if (context.signal.aborted) return;
        if (!call.write(create(schema, message))) await roomOrEnd(call, context.signal);
      }
      call.end();
    };
    run().catch((error: unknown) => {
      if (!context.signal.aborted) call.emit("error", toStatus(error));
    });
  };
}

async function answer(
  schema: DescMessage,
  path: string,
  handler: AnyHandler,
  guard: Guard,
  call: Cancellable,
  request: unknown,
): Promise<Message> {
  const context = contextOf(path, call);
  guard(context);
  return create(schema, (await handler(request, context)) as MessageInitShape<DescMessage>);
}

interface Cancellable {
  readonly cancelled: boolean;
  readonly getPeer: () => string;
  readonly once: (event: "cancelled", listener: (reason: string) => void) => unknown;
}

function contextOf(path: string, call: Cancellable): CallContext {
  const controller = new AbortController();
  call.once("cancelled", () => controller.abort());
  if (call.cancelled) controller.abort();
  return { path, peer: call.getPeer(), signal: controller.signal };
}

function roomOrEnd(call: ServerWritableStream<Message, Message>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      call.off("drain", go);
      signal.removeEventListener("abort", go);
      resolve();
    };
    call.once("drain", go);
    signal.addEventListener("abort", go, { once: true });
  });
}

const UNKNOWN = 2;

function toStatus(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof RpcStatus) return { code: error.code, details: error.message };
  return { code: UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}
