import { type KubeObject, record, records } from "../../../kube/index.ts";

/** A pod of a workload: where it is to run, and how far it is. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  /** Of its workload: `Deployment/demo/web`. */
  readonly owner: string;
  /** Changes with the workload's template. */
  readonly template: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly created: string;
  node: string | undefined;
  state: PodState;
}

export type PodState =
  | { readonly kind: "pending"; readonly reason: string }
  | { readonly kind: "waiting"; readonly container: string; readonly reason: string; readonly message: string }
  | { readonly kind: "running" }
  | { readonly kind: "finished" }
  /** Its node is gone. */
  | { readonly kind: "lost" };

interface Container {
  readonly name: string;
  readonly image: string;
}

/** Containers in the order in which their images are pulled. */
export function containersOf(pod: Pick<Pod, "spec">): readonly Container[] {
  return [...records(pod.spec["initContainers"]), ...records(pod.spec["containers"])].map((container) => ({
    name: String(container["name"]),
    image: String(container["image"]),
  }));
}

/** As the API shows it. */
export function podObject(pod: Pod): KubeObject {
  const { name, namespace, labels, spec, created, node } = pod;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels, creationTimestamp: created },
    spec: node === undefined ? spec : { ...spec, nodeName: node },
    status: statusOf(pod),
  };
}

function statusOf(pod: Pod): Readonly<Record<string, unknown>> {
  const { state } = pod;
  const condition = (type: string, isTrue: boolean, more: object = {}) => ({
    type,
    status: isTrue ? "True" : "False",
    ...more,
  });
  switch (state.kind) {
    case "pending":
      return {
        phase: "Pending",
        conditions: [condition("PodScheduled", false, { reason: "Unschedulable", message: state.reason })],
      };
    case "waiting": {
      const { container, reason, message } = state;
      return {
        phase: "Pending",
        conditions: [condition("PodScheduled", true), condition("Ready", false, { reason: "ContainersNotReady" })],
        containerStatuses: [{ name: container, ready: false, state: { waiting: { reason, message } } }],
      };
    }
    case "running":
      return { phase: "Running", conditions: [condition("PodScheduled", true), condition("Ready", true)] };
    case "finished":
      return { phase: "Succeeded", conditions: [condition("PodScheduled", true)] };
    case "lost":
      return {
        phase: "Running",
        conditions: [condition("PodScheduled", true), condition("Ready", false, { reason: "NodeLost" })],
      };
    default:
      return state satisfies never;
  }
}

/** Whether the pod may run on a node with these taints. @param taints - key → `Effect` or `value:Effect` */
export function tolerates(pod: Pick<Pod, "spec">, taints: Readonly<Record<string, string>>): boolean {
  const tolerations = records(pod.spec["tolerations"]);
  return Object.entries(taints).every(([key, text]) => {
    const colon = text.lastIndexOf(":");
    const [value, effect] = colon < 0 ? ["", text] : [text.slice(0, colon), text.slice(colon + 1)];
    if (effect === "PreferNoSchedule") return true;
    return tolerations.some(
      (each) =>
        (each["effect"] === undefined || each["effect"] === effect) &&
        (each["key"] === undefined || each["key"] === key) &&
        (each["operator"] === "Exists" || (each["key"] === key && (each["value"] ?? "") === value)),
    );
  });
}

/** Whether the node has the labels that the pod asks for. */
export function selects(pod: Pick<Pod, "spec">, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(record(pod.spec["nodeSelector"]) ?? {}).every(([key, value]) => labels[key] === value);
}
