import { status } from "@grpc/grpc-js";
import { type ErrorCode, OperatorError, type RetryAdvice } from "../../lib/errors/index.ts";
import type { HandshakeFailure } from "./handshake.ts";

/** Everything a failed call may be judged by; texts of the node are shown, never read. */
export interface CallFailure {
  readonly node: string;
  /** `machine.MachineService/Version` */
  readonly method: string;
  readonly code: status;
  readonly details: string;
  /** Whether a connection stood when the call failed. */
  readonly connected: boolean;
  readonly handshake: HandshakeFailure | undefined;
  readonly deadlineMs: number | undefined;
  readonly cause: unknown;
}

type Advice = readonly [message: (failure: CallFailure) => string, retry: RetryAdvice, next: readonly string[]];

const handshakeAdvice: Readonly<Record<HandshakeFailure, Advice>> = {
  NODE_REFUSED_IDENTITY: [
    ({ node }) => `${node} refused our certificate`,
    "later",
    [
      "check that secrets.yaml is the one this cluster was made with",
      "check the clocks: a certificate made a moment ago is not valid yet on a node whose clock is behind",
    ],
  ],
  NODE_IN_OTHER_CLUSTER: [
    ({ node }) => `${node} belongs to another cluster: its certificate is not from this site's CA`,
    "never",
    ["check the address in site.yaml", "reset the node if it is to join this site"],
  ],
  NODE_IN_MAINTENANCE: [
    ({ node }) => `${node} has no config yet: it waits in maintenance`,
    "later",
    ["skerry up   applies its config"],
  ],
  NODE_NOT_IN_MAINTENANCE: [
    ({ node }) => `${node} is configured already: it is no longer in maintenance`,
    "never",
    ["check the address in site.yaml", "reset the node if it is to start anew"],
  ],
  NODE_FINGERPRINT_MISMATCH: [
    ({ node }) => `${node} shows another certificate fingerprint than the pinned one; nothing was sent to it`,
    "later",
    ["compare with the node's console: it makes a new fingerprint at every boot", "check the address in site.yaml"],
  ],
  NODE_CERTIFICATE_NOT_NOW: [
    ({ node }) => `the certificate of ${node} is not valid at this time: one of the two clocks is wrong`,
    "later",
    ["compare the clock of this machine with the clock of the node"],
  ],
  NODE_CERTIFICATE_ADDRESS: [
    ({ node }) => `the certificate of ${node} does not name the address that was dialled`,
    "later",
    ["check the address in site.yaml", "add the address to machine.certSANs if it is translated on the way"],
  ],
};

/** What the socket said, without the words that grpc-js 1.14 puts around it. */
const bare = (details: string) =>
  details.replace(/^No connection established\. Last error: (?:Error: )?/, "").replace(/\.? ?Resolution note: *$/, "");

const unreachable: Advice = [
  ({ node, details }) => `${node} cannot be reached: ${bare(details)}`,
  "same",
  ["check power, cable and address of the node", "skerry up   goes on where it stopped"],
];

const said = ({ node, method, details }: CallFailure) => `${node} answered ${method}: ${details}`;

const statusAdvice: Partial<Readonly<Record<status, readonly [ErrorCode, Advice]>>> = {
  [status.UNAVAILABLE]: ["NODE_UNREACHABLE", unreachable],
  [status.CANCELLED]: ["NODE_UNREACHABLE", unreachable],
  [status.PERMISSION_DENIED]: ["NODE_PERMISSION_DENIED", [said, "never", ["use the admin certificate of this site"]]],
  [status.UNAUTHENTICATED]: ["NODE_PERMISSION_DENIED", [said, "never", ["use the admin certificate of this site"]]],
  [status.FAILED_PRECONDITION]: ["NODE_BUSY", [said, "same", ["wait a moment and run again"]]],
  [status.UNIMPLEMENTED]: [
    "NODE_UNIMPLEMENTED",
    [said, "never", ["compare the node's Talos version and role with what site.yaml says"]],
  ],
  [status.NOT_FOUND]: ["NODE_NOT_FOUND", [said, "later", []]],
};

/** The error for a call that ended with something other than OK: decided by gRPC code and by what the handshake saw. */
export function callError(failure: CallFailure): OperatorError {
  const options = { where: { node: failure.node }, cause: failure.cause };
  const make = (code: ErrorCode, [message, retry, next]: Advice, of = failure) =>
    new OperatorError(code, message(of), { ...options, retry, next });

  const noConnection = failure.code === status.UNAVAILABLE || failure.code === status.DEADLINE_EXCEEDED;
  if (noConnection && failure.handshake !== undefined)
    return make(failure.handshake, handshakeAdvice[failure.handshake]);
  if (failure.code === status.DEADLINE_EXCEEDED) {
    const within = `within ${(failure.deadlineMs ?? 0) / 1000} s`;
    if (!failure.connected)
      return make("NODE_UNREACHABLE", unreachable, { ...failure, details: `no connection ${within}` });
    return make("DEADLINE_EXCEEDED", [said, "same", []], { ...failure, details: `nothing ${within}` });
  }
  const [code, advice] = statusAdvice[failure.code] ?? ["NODE_CALL_FAILED", [said, "later", []] satisfies Advice];
  return make(code, advice);
}
