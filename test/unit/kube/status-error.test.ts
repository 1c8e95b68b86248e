import { describe, expect, it } from "vitest";
import { statusError } from "../../../src/kube/api/status-error.ts";

const status = (code: number, reason: string | undefined, details?: unknown) => ({
  kind: "Status",
  status: "Failure",
  message: "the server's words",
  code,
  reason,
  details,
});
const doing = { verb: "apply", object: "Pod/demo/web" };

describe("statusError()", () => {
  it.each([
    [401, "Unauthorized", "KUBE_UNAUTHORIZED"],
    [403, "Forbidden", "KUBE_FORBIDDEN"],
    [404, "NotFound", "KUBE_NOT_FOUND"],
    [409, "AlreadyExists", "KUBE_ALREADY_EXISTS"],
    [409, "Conflict", "KUBE_CONFLICT"],
    [410, "Expired", "KUBE_EXPIRED"],
    [410, undefined, "KUBE_EXPIRED"],
    [400, "BadRequest", "KUBE_INVALID"],
    [422, "Invalid", "KUBE_INVALID"],
    [405, "MethodNotAllowed", "KUBE_REFUSED"],
    [429, "TooManyRequests", "KUBE_UNAVAILABLE"],
    [500, "InternalError", "KUBE_UNAVAILABLE"],
    [503, "ServiceUnavailable", "KUBE_UNAVAILABLE"],
    [504, "Timeout", "KUBE_UNAVAILABLE"],
  ])("translates %i %s to %s", (httpStatus, reason, code) => {
    expect(statusError(httpStatus, status(httpStatus, reason), doing)).toMatchObject({
      code,
      message: "apply Pod/demo/web: the server's words",
      where: { object: "Pod/demo/web" },
    });
  });

  it("goes by the number where the body is not a Status", () => {
    expect(statusError(403, undefined, doing)).toMatchObject({
      code: "KUBE_FORBIDDEN",
      message: "apply Pod/demo/web: the API server answered 403",
    });
    expect(statusError(404, { message: "page" }, doing)).toMatchObject({ code: "KUBE_NOT_FOUND" });
  });

  it("makes a problem of every cause, without the words where they may hold a Secret", () => {
    const body = status(422, "Invalid", {
      causes: [{ field: "data.password", reason: "FieldValueInvalid", message: "Invalid value: hunter2" }],
    });

    expect(statusError(422, body, doing).problems).toEqual([
      { message: "data.password: Invalid value: hunter2", where: { object: "Pod/demo/web" } },
    ]);
    const silent = statusError(422, body, { ...doing, isSecret: true });
    expect([silent.message, silent.problems[0]?.message]).toEqual([
      "apply Pod/demo/web: the API server answered 422 Invalid",
      "data.password: FieldValueInvalid",
    ]);
  });
});
