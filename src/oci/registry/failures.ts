import { OperatorError } from "../../lib/errors/index.ts";

/** What was asked of which registry, for messages. */
export interface Asked {
  /** How the registry is called. */
  readonly registry: string;
  /** "manifest library/registry:3", "blob sha256:… of library/registry" */
  readonly what: string;
}

/** @see https://www.openssl.org/docs/manmaster/man3/X509_STORE_CTX_get_error.html and https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const trustCodes: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "CERT_CHAIN_TOO_LONG",
  "CERT_REVOKED",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "HOSTNAME_MISMATCH",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection is refused",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the connection was cut",
  ENOTFOUND: "its name is unknown",
  EAI_AGAIN: "its name cannot be looked up now",
  EHOSTUNREACH: "there is no way to its host",
  ENETUNREACH: "there is no way to its network",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "it accepted the connection and then stayed silent",
  UND_ERR_BODY_TIMEOUT: "it stopped in the middle of its answer",
};

/** Turns whatever the HTTP library threw into one of our errors; an aborted signal gives its own reason. */
export function transportFailure(error: unknown, asked: Asked, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof OperatorError) return error;
  const code = codeOf(error);
  const subject = `registry ${asked.registry}, asked for ${asked.what}`;
  if (trustCodes.has(code)) {
    return new OperatorError("REGISTRY_TLS_UNTRUSTED", `${subject}: its certificate is not trusted (${code})`, {
      next: ["check the CA, the address and this machine's clock"],
      retry: "later",
      cause: error,
    });
  }
  if (code.startsWith("HPE_") || code === "UND_ERR_HEADERS_OVERFLOW") {
    return new OperatorError("REGISTRY_FAILED", `${subject}: what answers does not speak HTTP as a registry does`, {
      next: ["check the address and the port"],
      retry: "later",
      cause: error,
    });
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return new OperatorError("REGISTRY_UNREACHABLE", `${subject}: what answers does not speak TLS as expected`, {
      next: ["check the address and the port, and whether it speaks https at all"],
      retry: "later",
      cause: error,
    });
  }
  // Errors of our own code have no code and no system call: those are bugs, not the network's.
  if (code === "") return error;
  return new OperatorError("REGISTRY_UNREACHABLE", `${subject}: ${reasons[code] ?? `the system says ${code}`}`, {
    next: ["check that it runs and can be reached from here, then run the same command again"],
    retry: "same",
    cause: error,
  });
}

const retryStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The error for an answer that is not what was asked for. */
export function statusFailure(status: number, errorCodes: readonly string[], asked: Asked): OperatorError {
  const said = `${status}${errorCodes.length === 0 ? "" : ` ${errorCodes.join(", ")}`}`;
  if (status === 404) {
    return new OperatorError("REGISTRY_NOT_FOUND", `registry ${asked.registry} has no ${asked.what} (${said})`, {
      next: ["check the name and the tag, and whether it is private"],
      retry: "later",
    });
  }
  if (status === 401 || status === 403) {
    return new OperatorError(
      "REGISTRY_UNAUTHORIZED",
      `registry ${asked.registry} does not give ${asked.what} (${said})`,
      {
        next: ["give credentials that may read it"],
        retry: "later",
      },
    );
  }
  if (errorCodes.includes("MANIFEST_BLOB_UNKNOWN")) {
    return new OperatorError(
      "REGISTRY_INCOMPLETE",
      `registry ${asked.registry}, asked for ${asked.what}, lacks parts that it names (${said})`,
      { next: ["push every part first, each platform of an index too"], retry: "later" },
    );
  }
  return new OperatorError("REGISTRY_FAILED", `registry ${asked.registry}, asked for ${asked.what}, answered ${said}`, {
    next: ["look at the registry's log, then run the same command again"],
    retry: retryStatuses.has(status) ? "same" : "later",
  });
}

/** An answer that contradicts the distribution specification. */
export function oddAnswer(asked: Asked, oddity: string): OperatorError {
  return new OperatorError("REGISTRY_FAILED", `registry ${asked.registry}, asked for ${asked.what}: ${oddity}`, {
    next: ["check that the address is that of a registry"],
    retry: "later",
  });
}

/** Bytes that are not what was promised. */
export function wrongContent(asked: Asked, what: string): OperatorError {
  return new OperatorError("REGISTRY_DIGEST_MISMATCH", `registry ${asked.registry}: ${asked.what} ${what}`, {
    next: ["fetch it from another registry, or ask who runs this one"],
    retry: "later",
  });
}

/** The first code in an error, its causes and the errors it bundles (a host with several addresses fails once per address). */
function codeOf(error: unknown, depth = 0): string {
  if (typeof error !== "object" || error === null || depth > 4) return "";
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  const own = typeof code === "string" ? code : "";
  if (own !== "" && own !== "UND_ERR_SOCKET") return own;
  const inner = Array.isArray(errors) ? codeOf(errors[0], depth + 1) : codeOf(cause, depth + 1);
  return inner === "" ? own : inner;
}
