import { describe, expect, it } from "vitest";
import { findResource, type ServedResource } from "../../../src/kube/index.ts";

const resource = (
  apiVersion: string,
  kind: string,
  plural: string,
  shortNames: readonly string[] = [],
): ServedResource => ({
  apiVersion,
  kind,
  plural,
  shortNames,
  singular: kind.toLowerCase(),
  isNamespaced: true,
});

const served = [
  resource("v1", "ConfigMap", "configmaps", ["cm"]),
  resource("v1", "Pod", "pods", ["po"]),
  resource("v1", "Event", "events", ["ev"]),
  resource("apps/v1", "Deployment", "deployments", ["deploy"]),
  resource("events.k8s.io/v1", "Event", "events", ["ev"]),
  resource("demo.example/v1", "Widget", "widgets", ["po"]),
  resource("demo.example/v1beta1", "Widget", "widgets"),
  resource("metrics.k8s.io/v1beta1", "PodMetrics", "pods"),
];

describe("findResource()", () => {
  it.each([
    ["cm", "v1", "ConfigMap"],
    ["ConfigMap", "v1", "ConfigMap"],
    ["configmaps", "v1", "ConfigMap"],
    ["po", "v1", "Pod"],
    ["events", "v1", "Event"],
    ["events.events.k8s.io", "events.k8s.io/v1", "Event"],
    ["deployments.apps", "apps/v1", "Deployment"],
    ["Deployment.v1.apps", "apps/v1", "Deployment"],
    ["Widget.v1beta1.demo.example", "demo.example/v1beta1", "Widget"],
    ["widgets.demo.example", "demo.example/v1", "Widget"],
    ["widgets.demo", "demo.example/v1", "Widget"],
    ["pods.metrics.k8s.io", "metrics.k8s.io/v1beta1", "PodMetrics"],
    ["Pod.v1.", "v1", "Pod"],
  ])("takes %s for what kubectl does", (name, apiVersion, kind) => {
    expect(findResource(name, served)).toMatchObject({ apiVersion, kind });
  });

  it.each(["gadget", "Widget.v2.demo.example", "pods.apps", ""])("knows no %j", (name) => {
    expect(findResource(name, served)).toBeUndefined();
  });
});
