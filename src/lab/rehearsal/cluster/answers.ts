import type { ApiAnswer } from "../../../kube/index.ts";

export function ok(body: unknown, httpStatus = 200): ApiAnswer {
  return { httpStatus, text: JSON.stringify(body) };
}

/** A refusal as an API server words it. */
export function refusal(httpStatus: number, reason: string, message: string): ApiAnswer {
  const status = { kind: "Status", apiVersion: "v1", status: "Failure", code: httpStatus, reason, message };
  return { httpStatus, text: JSON.stringify(status) };
}

export const notFound = (what: string): ApiAnswer => refusal(404, "NotFound", `${what} not found`);
