import type {
  DescMessage,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { status } from "@grpc/grpc-js";

export interface CallOptions {
  readonly signal: AbortSignal;
  /** How long the whole call may take; default 10 s for single answers, none for streams. */
  readonly deadlineMs?: number;
}

/** Turns one refusal of one method into an error of its own; undefined leaves it to the general table. */
export type Refusal = (code: status, details: string) => Error | undefined;

export interface TransportCallOptions extends CallOptions {
  readonly refused?: Refusal;
}

/** One connection to one node. Everything rejects with an `OperatorError` that names the node, or with the signal's reason. */
export interface TalosTransport {
  readonly unary: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: TransportCallOptions,
  ) => Promise<MessageShape<O>>;
  /** Stops the call when the iteration stops. */
  readonly serverStream: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options: TransportCallOptions,
  ) => AsyncIterable<MessageShape<O>>;
  /** Takes the next request only when the connection has room for it. */
  readonly clientStream: <I extends DescMessage, O extends DescMessage>(
    method: DescMethodClientStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options: TransportCallOptions,
  ) => Promise<MessageShape<O>>;
  readonly close: () => void;
}
