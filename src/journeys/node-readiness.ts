import type { KubeObject } from "../kube/index.ts";
import type { ConditionState } from "./engine/index.ts";

/** What a Node object says of itself, with its reason while it is not Ready. */
export function nodeReadiness(node: KubeObject): ConditionState {
  const status = node["status"] as { readonly conditions?: readonly Readonly<Record<string, string>>[] } | undefined;
  const ready = status?.conditions?.find((condition) => condition["type"] === "Ready");
  if (ready?.["status"] === "True") return { kind: "ready" };
  return { kind: "waiting", reason: ready?.["message"] ?? "its kubelet has not reported yet" };
}
