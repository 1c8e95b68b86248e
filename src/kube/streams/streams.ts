/** What runs in a pod's container, to be spoken to. */
export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  /** Default: the only one, or the pod's default container. */
  readonly container?: string;
  readonly command: readonly string[];
  /** Given to the command, then its input is closed; default: no input. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Called in order; what it returns is awaited before more is read. Default: the first 64 KiB are kept. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
}

export interface ExecOutcome {
  readonly exitCode: number;
  /** At most the first 64 KiB; empty where `onStdout` took it. */
  readonly stdout: string;
  /** At most the last 64 KiB. */
  readonly stderr: string;
}

export type ForwardTarget =
  | { readonly kind: "Pod"; readonly namespace: string; readonly name: string; readonly port: number }
  /** A port of the Service, by number; goes to one ready pod behind it. */
  | { readonly kind: "Service"; readonly namespace: string; readonly name: string; readonly port: number };

/** A port of this machine that leads to a pod, until it is closed. */
export interface PortForward {
  /** Always "127.0.0.1". */
  readonly host: string;
  readonly port: number;
  /** Why the last connection through it broke, where the way did it and not one of its ends. */
  readonly brokenBy: () => Error | undefined;
  /** Ends its connections too. Safe to repeat. */
  readonly close: () => Promise<void>;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Streams through an API server to what runs on its nodes. */
export interface KubeStreams {
  /**
   * Runs a command in a container to its end. A command that fails is an outcome, not an error.
   *
   * @throws OperatorError KUBE_NOT_FOUND, KUBE_FORBIDDEN …, KUBE_STREAM_BROKEN where it ended without saying how
   */
  readonly exec: (request: ExecRequest, call: Call) => Promise<ExecOutcome>;
  /**
   * Listens on a loopback port; each connection goes to the pod on its own stream.
   *
   * @throws OperatorError KUBE_NOT_FOUND, KUBE_NO_READY_POD
   */
  readonly portForward: (target: ForwardTarget, call: Call) => Promise<PortForward>;
}
