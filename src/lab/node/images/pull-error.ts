import { isOperatorError } from "../../../lib/errors/index.ts";

/** Why a pull failed, in the words of containerd; `not-found` is retried fewer times. */
export class PullError extends Error {
  readonly kind: "not-found" | "refused" | "unreachable" | "broken";

  constructor(kind: PullError["kind"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "PullError";
    this.kind = kind;
  }
}

const systemReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  ECONNRESET: "read: connection reset by peer",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
  UND_ERR_CONNECT_TIMEOUT: "i/o timeout",
  UND_ERR_SOCKET: "unexpected EOF",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  SELF_SIGNED_CERT_IN_CHAIN: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  CERT_HAS_EXPIRED: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  CERT_NOT_YET_VALID: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls: failed to verify certificate: x509: certificate is not valid for this address",
};

/** The reason that the system or TLS gave, from the innermost cause; undefined when there is none that is known. */
export function systemReason(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as NodeJS.ErrnoException).code;
    const reason = code === undefined ? undefined : systemReasons[code];
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Any failure of an endpoint as a pull error. @param url - what was asked, for the message */
export function toPullError(error: unknown, url: string): PullError {
  if (error instanceof PullError) return error;
  const reason = systemReason(error);
  if (reason !== undefined) return new PullError("unreachable", `failed to do request: Get "${url}": ${reason}`, error);
  const text = error instanceof Error ? error.message : String(error);
  const kind = isOperatorError(error) && error.retry === "same" ? "unreachable" : "broken";
  return new PullError(kind, `failed to do request: Get "${url}": ${text}`, error);
}
