import { type KubeObject, record, records } from "./objects.ts";

export interface Readiness {
  /** `failed` and `terminating` do not become current by waiting. */
  readonly status: "current" | "inProgress" | "failed" | "terminating";
  /** One sentence for a person: "1 of 2 replicas are available". */
  readonly message: string;
}

export const current = (message: string): Readiness => ({ status: "current", message });
export const inProgress = (message: string): Readiness => ({ status: "inProgress", message });
export const failed = (message: string): Readiness => ({ status: "failed", message });

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The condition of this type in the object's status, if it has one. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const found = records(record(object["status"])?.["conditions"]).find((condition) => condition["type"] === type);
  return found && { status: text(found["status"]), reason: text(found["reason"]), message: text(found["message"]) };
}

/** "reason: message", whatever there is of it. */
export function wordsOf(condition: Condition): string {
  return [condition.reason, condition.message].filter((part) => part !== "").join(": ");
}

/** A number in `spec` or `status`; `otherwise` where it is absent. */
export function count(object: KubeObject, part: "spec" | "status", field: string, otherwise: number): number {
  const value = record(object[part])?.[field];
  return typeof value === "number" ? value : otherwise;
}

/** Whether the controller has seen the latest spec; true where it does not say. */
export function isObserved(object: KubeObject): boolean {
  const observed = record(object["status"])?.["observedGeneration"];
  const { generation } = object.metadata;
  return typeof observed !== "number" || generation === undefined || observed >= generation;
}
