import {
  create,
  type DescMessage,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { deserializer, methodPath, serializer } from "../../../src/talos/api/index.ts";

/** How a call ended, in the names of gRPC. */
export interface CallEnd {
  readonly code: string;
  /** Only of what is not OK. */
  readonly message?: string;
}

const DEADLINE_MS = 60_000;

/** What a failed call says; anything that is no answer of gRPC is thrown again. */
export function endOf(error: unknown): CallEnd {
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined || details === undefined) throw error;
  return { code: status[code], message: details };
}

/** One unary call; rejects with gRPC's own error. */
export function unaryCall<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  { deadlineMs = DEADLINE_MS }: { readonly deadlineMs?: number } = {},
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      methodPath(method),
      serializer(method.input),
      deserializer(method.output),
      create(method.input, request),
      new Metadata(),
      { deadline: Date.now() + deadlineMs },
      (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error("OK without an answer"));
      },
    );
  });
}

/** The messages of one server stream; leaving the loop cancels the call. */
export async function* streamCall<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I>,
  { deadlineMs = DEADLINE_MS }: { readonly deadlineMs?: number } = {},
): AsyncGenerator<MessageShape<O>> {
  const stream = client.makeServerStreamRequest(
    methodPath(method),
    serializer(method.input),
    deserializer(method.output),
    create(method.input, request),
    new Metadata(),
    { deadline: Date.now() + deadlineMs },
  );
  try {
    for await (const message of stream) yield message as MessageShape<O>;
  } finally {
    stream.cancel();
  }
}

/** One client stream; rejects with gRPC's own error. */
export function uploadCall<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodClientStreaming<I, O>,
  requests: Iterable<MessageInitShape<I>>,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      methodPath(method),
      serializer(method.input),
      deserializer(method.output),
      new Metadata(),
      { deadline: Date.now() + DEADLINE_MS },
      (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error("OK without an answer"));
      },
    );
    for (const request of requests) call.write(create(method.input, request));
    call.end();
  });
}
