import { OperatorError } from "../../lib/errors/index.ts";

/** Node's names for a certificate that does not verify, and OpenSSL's for a handshake that fails. */
const tlsCodes = new Set([
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "EPROTO",
]);

/** A connection that was open and went away: the server may have restarted, so a repeatable request is sent again. */
const brokenCodes = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to it",
  ENOTFOUND: "its name does not resolve",
  ETIMEDOUT: "no answer",
  UND_ERR_CONNECT_TIMEOUT: "no answer to the connection",
  UND_ERR_HEADERS_TIMEOUT: "connected, but no answer",
  UND_ERR_BODY_TIMEOUT: "the answer stopped in the middle",
  UND_ERR_SOCKET: "it closed the connection",
  ECONNRESET: "it closed the connection",
  EPIPE: "it closed the connection",
  UND_ERR_DESTROYED: "this client was closed",
};

/** The code of a network error, looking through wrappers (`fetch failed`, several addresses tried). */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === "string") return code;
  }
  return "";
}

/** Whether a repeatable request may be sent again at once: the open connection broke. */
export function isBrokenConnection(error: unknown): boolean {
  return brokenCodes.has(codeOf(error));
}

/**
 * Translates what the network layer threw; operator errors pass as they are.
 *
 * @param doing - "get Pod/demo/web", for the message
 */
export function transportError(error: unknown, doing: string, server: string): OperatorError {
  if (error instanceof OperatorError) return error;
  const code = codeOf(error);
  const host = new URL(server).host;
  if (tlsCodes.has(code) || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_"))
    return new OperatorError("KUBE_TLS", `${doing}: no trusted connection to the API server at ${host} (${code})`, {
      next: [
        "skerry up    fetches the cluster's kubeconfig again",
        "date    compare this laptop's clock with the nodes'",
      ],
      retry: "later",
      cause: error,
    });
  return new OperatorError(
    "KUBE_UNREACHABLE",
    `${doing}: the API server at ${host} cannot be reached: ${words[code] ?? (code === "" ? "the request failed" : code)}`,
    { next: ["skerry status    shows which control planes answer"], retry: "same", cause: error },
  );
}
