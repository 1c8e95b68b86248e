import { describe, expect, it } from "vitest";
import { waitingIn } from "../../../../src/journeys/look/waiting-images.ts";
import type { KubeObject } from "../../../../src/kube/index.ts";

const waiting = (name: string, reason: string, message?: string) => ({
  name,
  image: `quay.io/rock/${name}:1`,
  state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
});
const pod = (status: unknown): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "default" },
  spec: { nodeName: "w-1" },
  status,
});

describe("waitingIn()", () => {
  it("names image, node, Pod and container of every pull that failed, with the kubelet's words", () => {
    const status = {
      initContainerStatuses: [waiting("first", "ImagePullBackOff", "Back-off pulling image")],
      containerStatuses: [waiting("second", "ErrImagePull")],
    };

    expect(waitingIn(pod(status))).toEqual([
      {
        image: "quay.io/rock/first:1",
        node: "w-1",
        pod: "Pod/default/web",
        container: "first",
        reason: "ImagePullBackOff: Back-off pulling image",
      },
      {
        image: "quay.io/rock/second:1",
        node: "w-1",
        pod: "Pod/default/web",
        container: "second",
        reason: "ErrImagePull",
      },
    ]);
  });

  it.each<[string, unknown]>([
    ["that nobody has looked at yet", undefined],
    ["that is about to start", { containerStatuses: [waiting("web", "ContainerCreating")] }],
    ["that crashes", { containerStatuses: [waiting("web", "CrashLoopBackOff")] }],
    ["that runs", { containerStatuses: [{ name: "web", image: "x", state: { running: {} } }] }],
  ])("finds nothing in a Pod %s", (_what, status) => {
    expect(waitingIn(pod(status))).toEqual([]);
  });
});
