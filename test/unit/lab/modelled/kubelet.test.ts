import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../src/kube/index.ts";
import { newCertificateRequest } from "../../../../src/lab/modelled/kubelet/certificate-request.ts";
import { nodeObject, nodeStatus } from "../../../../src/lab/modelled/kubelet/node-object.ts";
import { createPodAddresses } from "../../../../src/lab/modelled/kubelet/pod-addresses.ts";
import { bringsNetwork, environmentNeeds, volumeNeeds } from "../../../../src/lab/modelled/kubelet/pod-needs.ts";
import { type ContainerState, containersOf, podStatus } from "../../../../src/lab/modelled/kubelet/pod-status.ts";

const now = new Date("2026-11-22T12:00:00.000Z");
const running: ContainerState = { kind: "running", since: now, image: "a:1", imageId: "a@sha256:0" };
const terminated: ContainerState = { kind: "terminated", since: now, at: now, image: "a:1", imageId: "a@sha256:0" };
const waiting: ContainerState = { kind: "waiting", reason: "ImagePullBackOff", message: "no route to host" };

function pod(spec: Readonly<Record<string, unknown>>): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "demo" }, spec };
}

function statusOf(spec: Readonly<Record<string, unknown>>, states: Readonly<Record<string, ContainerState>>) {
  return podStatus(
    pod(spec),
    { startedAt: now, podIp: "10.244.1.2", containers: new Map(Object.entries(states)) },
    { nodeAddress: "127.0.4.10", now, previous: [] },
  );
}

const two = {
  containers: [
    { name: "a", image: "a:1" },
    { name: "b", image: "b:1" },
  ],
};
const withInit = { ...two, initContainers: [{ name: "i", image: "i:1" }] };
const ready = (status: ReturnType<typeof podStatus>) => status.conditions.find((item) => item["type"] === "Ready");

describe("podStatus()", () => {
  it.each([
    { when: "nothing is pulled", spec: two, states: {}, phase: "Pending", isReady: "False" },
    { when: "one image is missing", spec: two, states: { a: running, b: waiting }, phase: "Running", isReady: "False" },
    { when: "all run", spec: two, states: { a: running, b: running }, phase: "Running", isReady: "True" },
    { when: "an init container waits", spec: withInit, states: { i: waiting }, phase: "Pending", isReady: "False" },
    {
      when: "all run after init",
      spec: withInit,
      states: { i: terminated, a: running, b: running },
      phase: "Running",
      isReady: "True",
    },
    {
      when: "all have ended",
      spec: two,
      states: { a: terminated, b: terminated },
      phase: "Succeeded",
      isReady: "False",
    },
  ])("is $phase when $when", ({ spec, states, phase, isReady }) => {
    const status = statusOf(spec, states);

    expect(status.phase).toBe(phase);
    expect(ready(status)?.["status"]).toBe(isReady);
  });

  it("repeats why a container waits", () => {
    expect(statusOf(two, { a: waiting }).containerStatuses[0]).toMatchObject({
      ready: false,
      state: { waiting: { reason: "ImagePullBackOff", message: "no route to host" } },
    });
  });

  it("keeps the time of a condition that did not change, and conditions of others", () => {
    const before = statusOf(two, { a: running, b: running });
    const gate = { type: "example.com/gate", status: "True", lastTransitionTime: "2026-11-22T11:00:00Z" };

    const after = podStatus(
      pod(two),
      {
        startedAt: now,
        containers: new Map([
          ["a", running],
          ["b", running],
        ]),
      },
      { nodeAddress: "127.0.4.10", now: new Date("2026-11-22T13:00:00.000Z"), previous: [...before.conditions, gate] },
    );

    expect(ready(after)?.["lastTransitionTime"]).toBe("2026-11-22T12:00:00Z");
    expect(after.conditions).toContainEqual(gate);
  });

  it("gives a pod on the host's network the node's address", () => {
    expect(statusOf({ ...two, hostNetwork: true }, {}).podIP).toBe("127.0.4.10");
  });
});

describe("bringsNetwork()", () => {
  const cni = { volumes: [{ name: "cni", hostPath: { path: "/etc/cni/net.d/" } }] };

  it("sees a container that mounts the folder of CNI configs", () => {
    const mounts = { volumeMounts: [{ name: "cni", mountPath: "/host/etc/cni/net.d" }] };

    expect(bringsNetwork(pod({ ...cni, containers: [], initContainers: [{ name: "i", image: "i", ...mounts }] }))).toBe(
      true,
    );
  });

  it("is not taken in by a volume that nobody mounts", () => {
    expect(bringsNetwork(pod({ ...cni, containers: [{ name: "a", image: "a" }] }))).toBe(false);
  });
});

describe("what a pod needs", () => {
  it("lists mounted ConfigMaps and Secrets that are not optional", () => {
    const volumes = [
      { name: "a", configMap: { name: "settings" } },
      { name: "b", secret: { secretName: "maybe", optional: true } },
      { name: "c", projected: { sources: [{ secret: { name: "token" } }, { serviceAccountToken: {} }] } },
    ];

    expect(volumeNeeds(pod({ ...two, volumes }))).toEqual([
      { kind: "ConfigMap", name: "settings" },
      { kind: "Secret", name: "token" },
    ]);
  });

  it("lists what a container's environment comes from", () => {
    const env = [{ name: "X", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
    const [container] = containersOf(
      pod({ containers: [{ name: "a", image: "a", env, envFrom: [{ configMapRef: { name: "c" } }] }] }),
      "containers",
    );
    if (container === undefined) throw new Error("no container");

    expect(environmentNeeds(container)).toEqual([
      { kind: "Secret", name: "s" },
      { kind: "ConfigMap", name: "c" },
    ]);
  });
});

describe("createPodAddresses()", () => {
  it("hands out each address once, without the subnet's own, and takes them back", () => {
    const addresses = createPodAddresses("10.244.3.0/29");

    const taken = Array.from({ length: 5 }, () => addresses.take());

    expect(taken).toEqual(["10.244.3.2", "10.244.3.3", "10.244.3.4", "10.244.3.5", "10.244.3.6"]);
    expect(() => addresses.take()).toThrow("no IP addresses available");
    addresses.giveBack("10.244.3.4");
    expect(addresses.take()).toBe("10.244.3.4");
  });
});

describe("nodeStatus()", () => {
  const description = {
    nodeName: "cp-1",
    address: "127.0.4.10",
    labels: { zone: "a" },
    taints: { "node-role.kubernetes.io/control-plane": "NoSchedule", "example.com/gpu": "yes:NoExecute" },
    kubeletVersion: "v1.36.3",
    talosVersion: "v1.13.9",
  };
  const health = { networkReady: false, now, since: now, bootId: "b", images: [] };

  it("is not ready before a CNI has come, with the kubelet's reason", () => {
    const condition = nodeStatus(description, health).conditions.find((item) => item.type === "Ready");

    expect(condition).toMatchObject({ status: "False", reason: "KubeletNotReady" });
    expect(condition?.message).toContain("cni plugin not initialized");
  });

  it("names versions as Talos does", () => {
    expect(nodeStatus(description, { ...health, networkReady: true })).toMatchObject({
      addresses: [
        { type: "InternalIP", address: "127.0.4.10" },
        { type: "Hostname", address: "cp-1" },
      ],
      nodeInfo: {
        osImage: "Talos (v1.13.9)",
        kubeletVersion: "v1.36.3",
        containerRuntimeVersion: "containerd://2.2.7",
      },
    });
  });

  it("registers with taints, with and without a value", () => {
    expect(nodeObject(description)).toMatchObject({
      spec: {
        taints: [
          { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
          { key: "example.com/gpu", value: "yes", effect: "NoExecute" },
        ],
      },
    });
  });
});

describe("newCertificateRequest()", () => {
  it("makes a request that openssl verifies and reads", () => {
    const { requestPem } = newCertificateRequest("cp-1");

    const said = execFileSync("openssl", ["req", "-noout", "-verify", "-subject"], {
      input: requestPem,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });

    expect(said).toMatch(/O ?= ?system:nodes, CN ?= ?system:node:cp-1/);
  });
});
