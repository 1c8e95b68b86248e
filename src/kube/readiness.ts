import { conditionOf, current, failed, inProgress, isObserved, type Readiness, wordsOf } from "./conditions.ts";
import { type KubeObject, record } from "./objects.ts";
import {
  daemonSetReadiness,
  deploymentReadiness,
  jobReadiness,
  podReadiness,
  replicaSetReadiness,
  statefulSetReadiness,
} from "./workload-readiness.ts";

type Rule = (object: KubeObject) => Readiness;

function serviceReadiness(object: KubeObject): Readiness {
  const spec = record(object["spec"]);
  const needsAddress = spec?.["type"] !== "ExternalName";
  const hasAddress = typeof spec?.["clusterIP"] === "string" && spec["clusterIP"] !== "";
  return needsAddress && !hasAddress ? inProgress("no cluster address yet") : current("there");
}

function claimReadiness(object: KubeObject): Readiness {
  const phase = record(object["status"])?.["phase"];
  if (phase === "Bound") return current("bound");
  return phase === "Lost" ? failed("its volume is lost") : inProgress("not bound yet");
}

function namespaceReadiness(object: KubeObject): Readiness {
  return record(object["status"])?.["phase"] === "Active" ? current("active") : inProgress("not active yet");
}

function definitionReadiness(object: KubeObject): Readiness {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") return failed(wordsOf(names));
  const established = conditionOf(object, "Established");
  return established?.status === "True" ? current("established") : inProgress("not established yet");
}

/** A Node is bare before its kubelet speaks; nothing can run on it yet. */
function nodeReadiness(object: KubeObject): Readiness {
  const ready = conditionOf(object, "Ready");
  if (ready?.status === "True") return current("ready");
  return inProgress(ready === undefined ? "its kubelet has not reported yet" : wordsOf(ready) || "not ready");
}

/** Kinds without a rule of their own speak through the usual conditions; without any they are current once they exist. */
function generalReadiness(object: KubeObject): Readiness {
  if (!isObserved(object)) return inProgress("its controller has not seen the latest spec yet");
  const stalled = conditionOf(object, "Stalled");
  if (stalled?.status === "True") return failed(wordsOf(stalled));
  const reconciling = conditionOf(object, "Reconciling");
  if (reconciling?.status === "True") return inProgress(wordsOf(reconciling));
  for (const type of ["Ready", "Available"]) {
    const condition = conditionOf(object, type);
    if (condition !== undefined && condition.status !== "True") return inProgress(wordsOf(condition) || `not ${type}`);
  }
  return current("there");
}

const rules: Readonly<Record<string, Rule>> = {
  "apps/Deployment": deploymentReadiness,
  "apps/ReplicaSet": replicaSetReadiness,
  "apps/StatefulSet": statefulSetReadiness,
  "apps/DaemonSet": daemonSetReadiness,
  "batch/Job": jobReadiness,
  "/Node": nodeReadiness,
  "/Pod": podReadiness,
  "/Service": serviceReadiness,
  "/PersistentVolumeClaim": claimReadiness,
  "/Namespace": namespaceReadiness,
  "apiextensions.k8s.io/CustomResourceDefinition": definitionReadiness,
};

/**
 * How far an object as it was read is from what its spec asks for. Pure: it never asks the cluster.
 *
 * @see https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus (the same rules, in our words)
 */
export function readiness(object: KubeObject): Readiness {
  if (object.metadata.deletionTimestamp !== undefined) return { status: "terminating", message: "it is being deleted" };
  const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0] : "";
  return (rules[`${group}/${object.kind}`] ?? generalReadiness)(object);
}
