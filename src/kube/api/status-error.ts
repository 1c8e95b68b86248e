import { type ErrorCode, OperatorError, type Problem, type RetryAdvice } from "../../lib/errors/index.ts";
import { record, records } from "../objects.ts";

/** What a request was about, for the words of its failure. */
export interface Doing {
  /** "apply", "list" */
  readonly verb: string;
  /** `Kind/namespace/name` or the kind alone */
  readonly object: string;
  /** Objects whose values must not be repeated in messages: Secrets. */
  readonly isSecret?: boolean;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly retry: RetryAdvice;
  readonly next: readonly string[];
}

const later = (code: ErrorCode, next: readonly string[]): Meaning => ({ code, retry: "later", next });

/** Reason first: 409 means a conflict as well as a name that is taken. */
const byReason: Readonly<Record<string, Meaning>> = {
  Unauthorized: later("KUBE_UNAUTHORIZED", ["skerry up    fetches the cluster's kubeconfig again"]),
  Forbidden: later("KUBE_FORBIDDEN", ["use an administrator's kubeconfig"]),
  NotFound: later("KUBE_NOT_FOUND", []),
  AlreadyExists: later("KUBE_ALREADY_EXISTS", []),
  Conflict: later("KUBE_CONFLICT", ["kubectl get --show-managed-fields -o yaml    shows who owns which field"]),
  Invalid: { code: "KUBE_INVALID", retry: "never", next: [] },
  BadRequest: { code: "KUBE_INVALID", retry: "never", next: [] },
  UnsupportedMediaType: { code: "KUBE_INVALID", retry: "never", next: [] },
  Expired: { code: "KUBE_EXPIRED", retry: "same", next: [] },
  Gone: { code: "KUBE_EXPIRED", retry: "same", next: [] },
};

const unavailable: Meaning = { code: "KUBE_UNAVAILABLE", retry: "same", next: ["run the same command again"] };
const reasonOf: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Gone",
  415: "UnsupportedMediaType",
  422: "Invalid",
};

function meaningOf(httpStatus: number, reason: unknown, causes: readonly unknown[]): Meaning {
  if (causes.includes("NamespaceTerminating")) return later("KUBE_NAMESPACE_TERMINATING", []);
  // A webhook that refuses without a code of its own: 400 without a reason. The server itself always gives one.
  if (httpStatus === 400 && (reason === undefined || reason === "")) return later("KUBE_REFUSED", []);
  const byName = typeof reason === "string" ? byReason[reason] : undefined;
  if (byName !== undefined) return byName;
  const byNumber = byReason[reasonOf[httpStatus] ?? ""];
  if (byNumber !== undefined) return byNumber;
  if (httpStatus === 429 || httpStatus >= 500) return unavailable;
  return later("KUBE_REFUSED", []);
}

/**
 * Translates a refused request once, by HTTP status and the reason of the server's Status; nobody above reads a Status.
 * Causes (fields, managers of a conflict) become `problems`.
 *
 * @param body - the parsed body, or undefined where it was not JSON
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
export function statusError(httpStatus: number, body: unknown, doing: Doing): OperatorError {
  const status = record(body);
  const isStatus = status?.["kind"] === "Status";
  const causes = records(record(status?.["details"])?.["causes"]);
  const { code, retry, next } = isStatus
    ? meaningOf(
        httpStatus,
        status["reason"],
        causes.map(({ reason }) => reason),
      )
    : meaningOf(httpStatus, reasonOf[httpStatus], []);
  const said = isStatus && typeof status["message"] === "string" && status["message"] !== "" ? status["message"] : "";
  const message =
    doing.isSecret === true || said === ""
      ? `the API server answered ${httpStatus}${typeof status?.["reason"] === "string" ? ` ${status["reason"]}` : ""}`
      : said;
  const object = doing.object;
  const problems = causes.map((cause): Problem => {
    const field = typeof cause["field"] === "string" ? cause["field"] : "";
    const text = doing.isSecret === true ? String(cause["reason"] ?? "") : String(cause["message"] ?? "");
    return { message: [field, text].filter((part) => part !== "").join(": "), where: { object } };
  });
  return new OperatorError(code, `${doing.verb} ${object}: ${message}`, { where: { object }, next, retry, problems });
}
