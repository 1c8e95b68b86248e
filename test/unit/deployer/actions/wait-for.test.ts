import { describe, expect, it } from "vitest";
import { type WaitFor, waitFor } from "../../../../src/deployer/actions/index.ts";
import type { Cluster, KubeObject } from "../../../../src/kube/index.ts";
import { actionContext } from "../../../support/action-context.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";

const claim = (phase: string): KubeObject => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data", namespace: "demo" },
  status: { phase },
});

/** Shows one phase after the other, one a look. */
function clusterOf(...phases: readonly string[]): Cluster {
  let at = 0;
  const names = { plural: "persistentvolumeclaims", singular: "persistentvolumeclaim", shortNames: ["pvc"] };
  const next = async (): Promise<KubeObject> => {
    const phase = phases[Math.min(at, phases.length - 1)] ?? "";
    at += 1;
    return await Promise.resolve(claim(phase));
  };
  return {
    served: async () =>
      await Promise.resolve([{ apiVersion: "v1", kind: "PersistentVolumeClaim", isNamespaced: true, ...names }]),
    get: next,
    list: async () => ({ items: [await next()], resourceVersion: "1" }),
  } as unknown as Cluster;
}

async function reasonsOf(wait: WaitFor, answers: readonly (Cluster | string)[], seconds = 60): Promise<string[]> {
  const reasons: string[] = [];
  let at = 0;
  await waitFor(wait, seconds, {
    openCluster: async () => {
      const answer = answers[Math.min(at, answers.length - 1)];
      if (answer === undefined) throw new Error("no answer in this test");
      at += 1;
      return await Promise.resolve(answer);
    },
    network: actionContext("/").network,
    clock: leapingClock(),
    signal: new AbortController().signal,
    onReason: (reason) => reasons.push(reason),
  });
  return reasons;
}

const data = { kind: "pvc", name: "data", namespace: "demo" };

describe("waitFor()", () => {
  it("waits until a resource is what its spec asks for, where that is meant", async () => {
    const wait: WaitFor = { cluster: data, unsaid: "ready" };

    expect(await reasonsOf(wait, [clusterOf("Pending", "Bound")])).toEqual([
      "PersistentVolumeClaim/demo/data: not bound yet",
    ]);
    expect(
      await reasonsOf({ cluster: { ...data, name: "app=db" }, unsaid: "ready" }, [clusterOf("Pending", "Bound")]),
    ).toEqual(["PersistentVolumeClaim/demo/data: not bound yet"]);
  });

  it("is content with one that exists, where that is meant, said, or no name is given", async () => {
    const pending = [clusterOf("Pending")];

    expect(await reasonsOf({ cluster: data, unsaid: "exists" }, pending)).toEqual([]);
    expect(await reasonsOf({ cluster: { ...data, condition: "exists" }, unsaid: "ready" }, pending)).toEqual([]);
    expect(await reasonsOf({ cluster: { ...data, name: "" }, unsaid: "ready" }, pending)).toEqual([]);
  });

  it("waits for the way to the cluster too", async () => {
    expect(await reasonsOf({ cluster: data, unsaid: "ready" }, ["no kubeconfig", clusterOf("Bound")])).toEqual([
      "no kubeconfig",
    ]);
  });

  it("ends after its seconds with the last reason", async () => {
    const failure = reasonsOf({ cluster: data, unsaid: "ready" }, [clusterOf("Lost")], 2);

    await expect(failure).rejects.toMatchObject({ code: "ACTION_WAIT_UNMET" });
    await expect(failure).rejects.toThrow(
      "wait for pvc/data: not within 2 s; PersistentVolumeClaim/demo/data: its volume is lost",
    );
  });
});
