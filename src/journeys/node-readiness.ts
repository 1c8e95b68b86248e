import { type KubeObject, readiness } from "../kube/index.ts";
import type { ConditionState } from "./engine/index.ts";

/** What a Node object says of itself, with its reason while it is not Ready. */
export function nodeReadiness(node: KubeObject): ConditionState {
  const { status, message } = readiness(node);
  return status === "current" ? { kind: "ready" } : { kind: "waiting", reason: message };
}
