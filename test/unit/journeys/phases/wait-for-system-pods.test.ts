import { describe, expect, it } from "vitest";
import { waitForSystemPods } from "../../../../src/journeys/phases/wait-for-system-pods.ts";
import type { Cluster } from "../../../../src/kube/index.ts";
import { contextOf, siteOf } from "../up-context.ts";

interface Pod {
  readonly name: string;
  readonly node?: string;
  readonly isReady: boolean;
}

const podOf = ({ name, node, isReady }: Pod) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "kube-system" },
  spec: node === undefined ? {} : { nodeName: node },
  status: {
    phase: isReady ? "Running" : "Pending",
    conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
    containerStatuses: isReady
      ? []
      : [
          {
            name,
            image: "registry.k8s.io/coredns:1",
            state: { waiting: { reason: "ImagePullBackOff", message: "gone" } },
          },
        ],
  },
});

async function stepsFor(pods: readonly Pod[] | undefined, { setAside = [] as readonly string[], more = "" } = {}) {
  const list = async () => ({ items: (pods ?? []).map(podOf), resourceVersion: "1" });
  const memory = pods === undefined ? {} : { cluster: { list } as unknown as Cluster };
  const context = contextOf(siteOf("cp-1 w-1", more), memory);
  const signal = new AbortController().signal;
  const waves = await waitForSystemPods.look(context, {
    signal,
    dryRun: false,
    setAside: new Set(setAside),
    notice: () => undefined,
  });
  return { steps: waves.flat(), signal };
}

const coreDns = { name: "coredns", node: "w-1", isReady: false };

describe("the phase that waits for the cluster's own pods", () => {
  it.each([
    ["all are Ready", [{ ...coreDns, isReady: true }], {}],
    ["one is on a node that was set aside", [coreDns], { setAside: ["w-1"] }],
    ["nobody brings a pod network", [{ name: "coredns", isReady: false }], { more: "cni: none\n" }],
  ])("has nothing to wait for where %s", async (_where, pods, options) => {
    expect((await stepsFor(pods, options)).steps).toEqual([]);
  });

  it("waits where one is not Ready, and says which and what it lacks", async () => {
    const { steps, signal } = await stepsFor([coreDns, { name: "kube-proxy", node: "cp-1", isReady: true }]);

    expect(steps.map(({ id, effect }) => `${effect} ${id}`)).toEqual(["wait system-pods/kube-system"]);
    const state = await steps[0]?.until?.check({ signal });
    expect(state).toMatchObject({ kind: "waiting", reason: expect.stringContaining("Pod/kube-system/coredns") });
    expect(state).toMatchObject({ reason: expect.stringContaining("registry.k8s.io/coredns:1") });
  });

  it("is planned before there is an API server to ask", async () => {
    const { steps } = await stepsFor(undefined);

    expect(steps.map(({ provisional }) => provisional)).toEqual(["after Wait for the API server"]);
  });
});
