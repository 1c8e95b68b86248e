import { type KubeObject, record } from "../../../kube/index.ts";
import type { Pod } from "./pod.ts";

/** What a controller writes under a workload, from its pods. */
export interface WorkloadSight {
  readonly pods: readonly Pod[];
  /** Of these, those of the present template. */
  readonly updated: readonly Pod[];
  /** How many there are to be. */
  readonly wanted: number;
  /** Nothing has become better for longer than the workload allows. */
  readonly isOverdue: boolean;
}

const defaultDeadlineSeconds = 600;

/** How long a Deployment may stand still before it counts as failed, in milliseconds. */
export function progressDeadlineMs(workload: KubeObject): number {
  const seconds = record(workload["spec"])?.["progressDeadlineSeconds"];
  return (typeof seconds === "number" ? seconds : defaultDeadlineSeconds) * 1000;
}

export function workloadStatus(workload: KubeObject, sight: WorkloadSight): Readonly<Record<string, unknown>> {
  const { pods, updated, wanted, isOverdue } = sight;
  const observedGeneration = workload.metadata.generation ?? 1;
  const ready = pods.filter(({ state }) => state.kind === "running").length;
  switch (workload.kind) {
    case "DaemonSet":
      return {
        observedGeneration,
        desiredNumberScheduled: wanted,
        currentNumberScheduled: pods.length,
        updatedNumberScheduled: updated.length,
        numberReady: ready,
        numberAvailable: ready,
      };
    case "Job": {
      const finished = pods.filter(({ state }) => state.kind === "finished").length;
      const startTime = workload.metadata.creationTimestamp;
      if (finished < wanted) return { startTime, active: pods.length - finished, succeeded: finished };
      return { startTime, succeeded: finished, conditions: [{ type: "Complete", status: "True" }] };
    }
    default: {
      const isThere = ready >= wanted;
      const progress = isOverdue
        ? { status: "False", reason: "ProgressDeadlineExceeded", message: "the rollout has timed out progressing" }
        : { status: "True", reason: isThere ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", message: "" };
      return {
        observedGeneration,
        replicas: pods.length,
        updatedReplicas: updated.length,
        readyReplicas: ready,
        availableReplicas: ready,
        ...(workload.kind === "Deployment"
          ? {
              conditions: [
                { type: "Available", status: isThere ? "True" : "False" },
                { type: "Progressing", ...progress },
              ],
            }
          : {}),
      };
    }
  }
}
