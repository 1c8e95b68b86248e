import { describe, expect, it } from "vitest";
import { type KubeObject, readiness } from "../../../src/kube/index.ts";

const object = (apiVersion: string, kind: string, rest: Record<string, unknown> = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "x", generation: 2 },
  ...rest,
});
const apps = (kind: string, spec: unknown, status: unknown) => object("apps/v1", kind, { spec, status });
const condition = (type: string, status: string, reason = "", message = "") => ({
  conditions: [{ type, status, reason, message }],
});
const seen = { observedGeneration: 2 };
const available = { ...seen, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };

describe("readiness()", () => {
  it.each<[string, KubeObject, string, RegExp]>([
    ["a Deployment without status", apps("Deployment", { replicas: 2 }, undefined), "inProgress", /has not seen/],
    [
      "a Deployment of an older spec",
      apps("Deployment", {}, { ...available, observedGeneration: 1 }),
      "inProgress",
      /has not seen/,
    ],
    [
      "a Deployment with too few new Pods",
      apps("Deployment", { replicas: 3 }, available),
      "inProgress",
      /^2 of 3 .*latest spec/,
    ],
    [
      "a Deployment with old Pods",
      apps("Deployment", { replicas: 2 }, { ...available, replicas: 3 }),
      "inProgress",
      /^1 old/,
    ],
    [
      "a Deployment not available",
      apps("Deployment", { replicas: 2 }, { ...available, availableReplicas: 1 }),
      "inProgress",
      /^1 of 2 .*available/,
    ],
    [
      "a Deployment past its deadline",
      apps(
        "Deployment",
        { replicas: 2 },
        { ...seen, ...condition("Progressing", "False", "ProgressDeadlineExceeded", "late") },
      ),
      "failed",
      /late/,
    ],
    [
      "a Deployment refused its Pods",
      apps("Deployment", { replicas: 2 }, { ...seen, ...condition("ReplicaFailure", "True", "FailedCreate", "quota") }),
      "inProgress",
      /quota/,
    ],
    ["a Deployment that is there", apps("Deployment", { replicas: 2 }, available), "current", /^2 of 2/],
    ["a Deployment scaled to zero", apps("Deployment", { replicas: 0 }, seen), "current", /^0 of 0/],
    ["a ReplicaSet with too many Pods", apps("ReplicaSet", { replicas: 1 }, available), "inProgress", /too many/],
    ["a ReplicaSet that is there", apps("ReplicaSet", { replicas: 2 }, available), "current", /^2 of 2/],
    [
      "a StatefulSet half updated",
      apps("StatefulSet", { replicas: 2 }, { ...available, updatedReplicas: 1 }),
      "inProgress",
      /latest spec/,
    ],
    [
      "a StatefulSet with a partition",
      apps(
        "StatefulSet",
        { replicas: 2, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
        { ...available, updatedReplicas: 1 },
      ),
      "current",
      /ready/,
    ],
    [
      "a StatefulSet updated by hand",
      apps("StatefulSet", { replicas: 2, updateStrategy: { type: "OnDelete" } }, { ...available, updatedReplicas: 0 }),
      "current",
      /ready/,
    ],
    [
      "a DaemonSet on one node of two",
      apps(
        "DaemonSet",
        {},
        {
          ...seen,
          desiredNumberScheduled: 2,
          currentNumberScheduled: 2,
          updatedNumberScheduled: 2,
          numberAvailable: 1,
        },
      ),
      "inProgress",
      /1 of 2 nodes/,
    ],
    [
      "a DaemonSet not rolled out",
      apps(
        "DaemonSet",
        {},
        {
          ...seen,
          desiredNumberScheduled: 2,
          currentNumberScheduled: 2,
          updatedNumberScheduled: 1,
          numberAvailable: 2,
        },
      ),
      "inProgress",
      /latest spec/,
    ],
    [
      "a DaemonSet that no node wants",
      apps("DaemonSet", {}, { ...seen, desiredNumberScheduled: 0 }),
      "current",
      /0 of 0/,
    ],
    ["a Job that waits", object("batch/v1", "Job", { status: {} }), "inProgress", /not started/],
    [
      "a Job that failed",
      object("batch/v1", "Job", { status: condition("Failed", "True", "BackoffLimitExceeded") }),
      "failed",
      /Backoff/,
    ],
    ["a Job that is done", object("batch/v1", "Job", { status: condition("Complete", "True") }), "current", /complete/],
    [
      "a Pod that pulls in vain",
      object("v1", "Pod", {
        status: {
          phase: "Pending",
          containerStatuses: [
            { name: "web", state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } },
          ],
        },
      }),
      "inProgress",
      /web: ImagePullBackOff: no such image/,
    ],
    [
      "a Pod that crashes",
      object("v1", "Pod", {
        status: {
          phase: "Running",
          containerStatuses: [{ name: "web", state: { waiting: { reason: "CrashLoopBackOff" } } }],
        },
      }),
      "failed",
      /CrashLoopBackOff/,
    ],
    [
      "a Pod without a node",
      object("v1", "Pod", {
        status: { phase: "Pending", ...condition("PodScheduled", "False", "Unschedulable", "no nodes") },
      }),
      "inProgress",
      /no nodes/,
    ],
    [
      "a Pod that runs",
      object("v1", "Pod", { status: { phase: "Running", ...condition("Ready", "True") } }),
      "current",
      /ready/,
    ],
    ["a Pod that finished", object("v1", "Pod", { status: { phase: "Succeeded" } }), "current", /finished/],
    ["a Service without address", object("v1", "Service", { spec: { type: "ClusterIP" } }), "inProgress", /address/],
    ["a Service by name", object("v1", "Service", { spec: { type: "ExternalName" } }), "current", /there/],
    [
      "a claim that waits",
      object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }),
      "inProgress",
      /bound/,
    ],
    [
      "a claim that lost its volume",
      object("v1", "PersistentVolumeClaim", { status: { phase: "Lost" } }),
      "failed",
      /lost/,
    ],
    ["a Namespace", object("v1", "Namespace", { status: { phase: "Active" } }), "current", /active/],
    [
      "a definition that is refused",
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
        status: condition("NamesAccepted", "False", "Taken"),
      }),
      "failed",
      /Taken/,
    ],
    [
      "a definition",
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: condition("Established", "True") }),
      "current",
      /established/,
    ],
    ["a Node whose kubelet has not spoken", object("v1", "Node", {}), "inProgress", /not reported/],
    [
      "a Node that is not ready",
      object("v1", "Node", { status: condition("Ready", "False", "KubeletNotReady", "no CNI") }),
      "inProgress",
      /no CNI/,
    ],
    [
      "a custom object that stalled",
      object("a.dev/v1", "Thing", { status: condition("Stalled", "True", "Bad") }),
      "failed",
      /Bad/,
    ],
    [
      "a custom object under way",
      object("a.dev/v1", "Thing", { status: condition("Reconciling", "True", "Busy") }),
      "inProgress",
      /Busy/,
    ],
    [
      "a custom object of an older spec",
      object("a.dev/v1", "Thing", { status: { observedGeneration: 1 } }),
      "inProgress",
      /has not seen/,
    ],
    ["a Deployment of another group", object("a.dev/v1", "Deployment"), "current", /there/],
    ["a ConfigMap", object("v1", "ConfigMap"), "current", /there/],
    [
      "what is being deleted",
      { ...object("v1", "ConfigMap"), metadata: { name: "x", deletionTimestamp: "2026-01-01T00:00:00Z" } },
      "terminating",
      /deleted/,
    ],
  ])("judges %s", (_what, input, status, message) => {
    expect(readiness(input)).toEqual({ status, message: expect.stringMatching(message) });
  });
});
