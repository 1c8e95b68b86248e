import type { KubeObject } from "../../../kube/index.ts";
import { at, list, mapping, text, type Values } from "../../node/read-values.ts";
import { stamp } from "./node-object.ts";

/** Where a container is in its life; restarts do not happen to what is only modelled. */
export type ContainerState =
  | { readonly kind: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly kind: "running"; readonly since: Date; readonly image: string; readonly imageId: string }
  | {
      readonly kind: "terminated";
      readonly since: Date;
      readonly at: Date;
      readonly image: string;
      readonly imageId: string;
    };

export interface PodState {
  readonly podIp?: string;
  readonly startedAt: Date;
  /** By container name, init containers included. */
  readonly containers: ReadonlyMap<string, ContainerState>;
}

export type PullPolicy = "Always" | "IfNotPresent" | "Never";

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly pullPolicy: PullPolicy;
  /** An init container that goes on beside the others. */
  readonly isSidecar: boolean;
  readonly spec: Values;
}

export function containersOf(pod: KubeObject, field: "containers" | "initContainers"): readonly Container[] {
  return list(at(pod["spec"], field)).map((item) => {
    const spec = mapping(item);
    const policy = text(spec["imagePullPolicy"]);
    return {
      name: text(spec["name"]) ?? "",
      image: text(spec["image"]) ?? "",
      pullPolicy: policy === "Always" || policy === "Never" ? policy : "IfNotPresent",
      isSidecar: field === "initContainers" && spec["restartPolicy"] === "Always",
      spec,
    };
  });
}

/** Whether the pod uses the node's own network, and so neither needs a CNI nor has an address of its own. */
export function isHostNetwork(pod: KubeObject): boolean {
  return at(pod["spec"], "hostNetwork") === true;
}

/**
 * The pod's status as a kubelet reports it.
 *
 * @param options.previous - conditions that were there before; kept with their times where nothing changed
 */
export function podStatus(
  pod: KubeObject,
  state: PodState,
  options: { readonly nodeAddress: string; readonly now: Date; readonly previous: readonly Values[] },
) {
  const main = containersOf(pod, "containers");
  const init = containersOf(pod, "initContainers");
  const stateOf = (container: Container) =>
    state.containers.get(container.name) ?? { kind: "waiting" as const, reason: "PodInitializing" };
  const initialized = init.every((container) => {
    const kind = stateOf(container).kind;
    return kind === "terminated" || (container.isSidecar && kind === "running");
  });
  const ready = initialized && main.every((container) => stateOf(container).kind === "running");
  const done = initialized && main.every((container) => stateOf(container).kind === "terminated");
  const phase = done
    ? "Succeeded"
    : initialized && main.some((c) => stateOf(c).kind !== "waiting")
      ? "Running"
      : "Pending";
  const notReady = { reason: done ? "PodCompleted" : "ContainersNotReady" };
  const podIp = isHostNetwork(pod) ? options.nodeAddress : state.podIp;
  return {
    phase,
    startTime: stamp(state.startedAt),
    hostIP: options.nodeAddress,
    hostIPs: [{ ip: options.nodeAddress }],
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    conditions: mergedConditions(options, [
      condition("PodReadyToStartContainers", podIp !== undefined && !done),
      condition("Initialized", initialized, initialized ? {} : { reason: "ContainersNotInitialized" }),
      condition("Ready", ready, ready ? {} : notReady),
      condition("ContainersReady", ready, ready ? {} : notReady),
      condition("PodScheduled", true),
    ]),
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map((c) => containerStatus(c, stateOf(c))) }),
    containerStatuses: main.map((container) => containerStatus(container, stateOf(container))),
  };
}

type Condition = Readonly<{ type: string; status: "True" | "False"; reason?: string }>;

function condition(type: string, holds: boolean, extra: { readonly reason?: string } = {}): Condition {
  return { type, status: holds ? "True" : "False", ...extra };
}

/** Conditions that others set (readiness gates) stay; ours keep the time of their last change. */
function mergedConditions(
  { now, previous }: { readonly now: Date; readonly previous: readonly Values[] },
  own: readonly Condition[],
): readonly Values[] {
  const ours = own.map((item) => {
    const before = previous.find((candidate) => candidate["type"] === item.type);
    const unchanged = before?.["status"] === item.status ? text(before["lastTransitionTime"]) : undefined;
    return { ...item, lastTransitionTime: unchanged ?? stamp(now) };
  });
  return [...previous.filter((item) => !own.some((mine) => mine.type === item["type"])), ...ours];
}

function containerStatus(container: Container, state: ContainerState) {
  const common = { name: container.name, restartCount: 0 };
  switch (state.kind) {
    case "waiting": {
      const { reason, message } = state;
      const waiting = message === undefined ? { reason } : { reason, message };
      return { ...common, image: container.image, imageID: "", ready: false, started: false, state: { waiting } };
    }
    case "running": {
      const { image, imageId, since } = state;
      const running = { startedAt: stamp(since) };
      return {
        ...common,
        ...idOf(container, since),
        image,
        imageID: imageId,
        ready: true,
        started: true,
        state: { running },
      };
    }
    case "terminated": {
      const { image, imageId, since, at: end } = state;
      const id = idOf(container, since);
      const terminated = { ...id, exitCode: 0, reason: "Completed", startedAt: stamp(since), finishedAt: stamp(end) };
      return { ...common, ...id, image, imageID: imageId, ready: false, started: false, state: { terminated } };
    }
  }
}

function idOf(container: Container, since: Date): { readonly containerID: string } {
  return { containerID: `containerd://modelled-${container.name}-${since.getTime()}` };
}
