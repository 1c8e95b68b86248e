import { conditionOf, count, current, failed, inProgress, isObserved, type Readiness, wordsOf } from "./conditions.ts";
import { type KubeObject, record, records } from "./objects.ts";

/** A workload's controller writes observedGeneration with its first status: before that, nothing is known. */
function notObserved(object: KubeObject): Readiness | undefined {
  const observed = record(object["status"])?.["observedGeneration"];
  return typeof observed === "number" && isObserved(object)
    ? undefined
    : inProgress("its controller has not seen the latest spec yet");
}

const of = (part: number, whole: number, what: string): string => `${part} of ${whole} replicas are ${what}`;

export function deploymentReadiness(object: KubeObject): Readiness {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  const progressing = conditionOf(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return failed(wordsOf(progressing));
  const replicaFailure = conditionOf(object, "ReplicaFailure");
  const wanted = count(object, "spec", "replicas", 1);
  const updated = count(object, "status", "updatedReplicas", 0);
  const total = count(object, "status", "replicas", 0);
  const available = count(object, "status", "availableReplicas", 0);
  if (updated < wanted)
    return inProgress(
      replicaFailure?.status === "True" ? wordsOf(replicaFailure) : of(updated, wanted, "of the latest spec"),
    );
  if (total > updated) return inProgress(`${total - updated} old replicas are still there`);
  if (available < wanted) return inProgress(of(available, wanted, "available"));
  return conditionOf(object, "Available")?.status === "False"
    ? inProgress("not available yet")
    : current(of(available, wanted, "available"));
}

export function replicaSetReadiness(object: KubeObject): Readiness {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  const replicaFailure = conditionOf(object, "ReplicaFailure");
  if (replicaFailure?.status === "True") return inProgress(wordsOf(replicaFailure));
  const wanted = count(object, "spec", "replicas", 1);
  const available = count(object, "status", "availableReplicas", 0);
  const total = count(object, "status", "replicas", 0);
  if (available < wanted) return inProgress(of(available, wanted, "available"));
  return total > wanted
    ? inProgress(`${total - wanted} replicas too many are still there`)
    : current(of(available, wanted, "available"));
}

export function statefulSetReadiness(object: KubeObject): Readiness {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  const wanted = count(object, "spec", "replicas", 1);
  const ready = count(object, "status", "readyReplicas", 0);
  const total = count(object, "status", "replicas", 0);
  if (total < wanted) return inProgress(of(total, wanted, "there"));
  if (ready < wanted) return inProgress(of(ready, wanted, "ready"));
  if (total > wanted) return inProgress(`${total - wanted} replicas too many are still there`);
  const strategy = record(record(object["spec"])?.["updateStrategy"]);
  // OnDelete: old Pods stay until a person deletes them, which is what was asked for.
  if (strategy?.["type"] === "OnDelete") return current(of(ready, wanted, "ready"));
  const partition = record(strategy?.["rollingUpdate"])?.["partition"];
  const due = wanted - (typeof partition === "number" ? partition : 0);
  const updated = count(object, "status", "updatedReplicas", 0);
  return updated < due ? inProgress(of(updated, due, "of the latest spec")) : current(of(ready, wanted, "ready"));
}

export function daemonSetReadiness(object: KubeObject): Readiness {
  const unseen = notObserved(object);
  if (unseen !== undefined) return unseen;
  const wanted = count(object, "status", "desiredNumberScheduled", 0);
  const updated = count(object, "status", "updatedNumberScheduled", 0);
  const available = count(object, "status", "numberAvailable", 0);
  const isOnDelete = record(record(object["spec"])?.["updateStrategy"])?.["type"] === "OnDelete";
  if (count(object, "status", "currentNumberScheduled", 0) < wanted)
    return inProgress(`on ${count(object, "status", "currentNumberScheduled", 0)} of ${wanted} nodes`);
  if (!isOnDelete && updated < wanted) return inProgress(`${updated} of ${wanted} nodes have the latest spec`);
  return available < wanted
    ? inProgress(`available on ${available} of ${wanted} nodes`)
    : current(`available on ${available} of ${wanted} nodes`);
}

export function jobReadiness(object: KubeObject): Readiness {
  const failure = conditionOf(object, "Failed");
  if (failure?.status === "True") return failed(wordsOf(failure));
  if (conditionOf(object, "Complete")?.status === "True") return current("complete");
  const hasStarted = typeof record(object["status"])?.["startTime"] === "string";
  // A Job that runs is where it should be; whoever needs its end waits for Complete (kstatus has the same rule).
  return hasStarted ? current("running") : inProgress("not started yet");
}

/** What keeps a container from running: "ImagePullBackOff: …". */
function waitingReason(object: KubeObject): { readonly reason: string; readonly message: string } | undefined {
  const status = record(object["status"]);
  for (const container of [...records(status?.["initContainerStatuses"]), ...records(status?.["containerStatuses"])]) {
    const waiting = record(record(container["state"])?.["waiting"]);
    if (waiting === undefined) continue;
    const reason = String(waiting["reason"] ?? "");
    const detail = waiting["message"];
    return { reason, message: `${String(container["name"])}: ${[reason, detail].filter(Boolean).join(": ")}` };
  }
  return undefined;
}

export function podReadiness(object: KubeObject): Readiness {
  const status = record(object["status"]);
  const phase = status?.["phase"];
  if (phase === "Succeeded") return current("finished");
  if (phase === "Failed") return failed(String(status?.["message"] ?? status?.["reason"] ?? "the Pod failed"));
  const waiting = waitingReason(object);
  if (waiting?.reason === "CrashLoopBackOff") return failed(waiting.message);
  if (waiting !== undefined) return inProgress(waiting.message);
  const ready = conditionOf(object, "Ready");
  if (phase === "Running" && ready?.status === "True") return current("ready");
  const scheduled = conditionOf(object, "PodScheduled");
  if (scheduled?.status === "False") return inProgress(wordsOf(scheduled));
  return inProgress(ready === undefined || wordsOf(ready) === "" ? "not ready yet" : wordsOf(ready));
}
