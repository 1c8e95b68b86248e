import { type KubeObject, objectName, readiness, record, records } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { findByJsonPath, printed } from "./json-path.ts";

/** What a cluster wait is for. */
export type WaitCondition =
  /** `ready`: what its spec asks for, by the rules of kstatus. */
  | { readonly kind: "exists" | "delete" | "ready" }
  /** `expected` undefined: anything that is there. */
  | { readonly kind: "jsonpath"; readonly path: string; readonly expected: string | undefined }
  | { readonly kind: "condition"; readonly type: string; readonly status: string };

/**
 * Reads `exists`, `delete`, `Available`, `Ready=False`, `'{.status.phase}'=Running`; empty is `exists`. Single quotes go.
 *
 * @throws OperatorError ACTION_UNSUPPORTED for a JSONPath that cannot be followed
 */
export function parseCondition(text: string): WaitCondition {
  const plain = text.replaceAll("'", "").trim();
  if (plain === "" || /^(?:create|exists?)$/i.test(plain)) return { kind: "exists" };
  if (plain === "delete") return { kind: "delete" };
  if (plain.startsWith("{")) {
    // Quotes belong to the path where it has brackets, and only there.
    const source = text.includes("['") ? text.trim().replace(/^'(\{.*\})'/s, "$1") : plain;
    const [, path = "", expected] = /^(\{.*\})(?:=(.*))?$/s.exec(source) ?? [];
    if (path === "" || findByJsonPath(path, {}) === undefined)
      throw new OperatorError("ACTION_UNSUPPORTED", `the condition ${text} is no JSONPath that a wait can follow`, {
        next: ["write it as {.status.phase}=Running"],
      });
    return { kind: "jsonpath", path, expected: expected?.replace(/^"(.*)"$/s, "$1").replace(/^'(.*)'$/s, "$1") };
  }
  const at = plain.indexOf("=");
  if (at === -1) return { kind: "condition", type: plain, status: "true" };
  return { kind: "condition", type: plain.slice(0, at), status: plain.slice(at + 1).toLowerCase() };
}

/** Why the object is not yet as awaited; undefined when it is. */
export function conditionReason(object: KubeObject, condition: WaitCondition): string | undefined {
  const name = objectName(object);
  switch (condition.kind) {
    case "exists":
      return undefined;
    case "delete":
      return `${name} is still there`;
    case "ready":
      return readyReason(object, name);
    case "jsonpath":
      return pathReason(object, condition.path, condition.expected, name);
    case "condition":
      return statusReason(object, condition.type, condition.status, name);
  }
}

function readyReason(object: KubeObject, name: string): string | undefined {
  const { status, message } = readiness(object);
  return status === "current" ? undefined : `${name}: ${message}`;
}

function pathReason(object: KubeObject, path: string, expected: string | undefined, name: string): string | undefined {
  const found = findByJsonPath(path, object) ?? [];
  const [first] = found;
  if (first === undefined) return `${name} has no ${path}`;
  if (expected === undefined) return undefined;
  if (found.length > 1) return `${name} has ${found.length} values at ${path}, one is awaited`;
  if (typeof first === "object" && first !== null) return `${path} of ${name} is no single value`;
  if (printed(first) === expected) return undefined;
  // Values of Secrets are never repeated.
  return object.kind === "Secret" ? `${path} of ${name} is another` : `${path} of ${name} is ${printed(first)}`;
}

function statusReason(object: KubeObject, type: string, status: string, name: string): string | undefined {
  const conditions = records(record(object["status"])?.["conditions"]);
  const found = conditions.find((condition) => String(condition["type"]).toLowerCase() === type.toLowerCase());
  if (found === undefined) return `${name} has no condition ${type}`;
  const observed = found["observedGeneration"] ?? record(object["status"])?.["observedGeneration"];
  const { generation } = object.metadata;
  if (typeof observed === "number" && generation !== undefined && observed < generation)
    return `${name} has a newer version than its controller has seen`;
  if (String(found["status"]).toLowerCase() === status) return undefined;
  const words = [found["reason"], found["message"]].filter((part) => typeof part === "string" && part !== "");
  return `condition ${type} of ${name} is ${String(found["status"])}${words.length === 0 ? "" : `: ${words.join(": ")}`}`;
}
