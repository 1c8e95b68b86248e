import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/kube/index.ts";
import { canonicalState } from "../support/recordings/canonical.ts";
import { differences } from "../support/recordings/differences.ts";
import { readRecording } from "../support/recordings/recorded.ts";
import { type RecordingCluster, startRecordingCluster } from "../support/recordings/recording-cluster.ts";
import { type ClusterState, newOrChanged } from "../support/recordings/state.ts";

let running: RecordingCluster;
const { signal } = new AbortController();

beforeAll(async () => {
  running = await startRecordingCluster();
});
afterAll(() => running?.stop());

/** Made by controllers, or told by them. */
const follows = new Set(["ReplicaSet", "Pod"]);

/** What a person would apply to have the recorded object. */
function asApplied(recorded: Record<string, unknown>): KubeObject {
  const { $managers: _, generation: __, ...metadata } = recorded["metadata"] as Record<string, unknown>;
  const { status: ___, data, ...rest } = recorded;
  const written = metadata["annotations"] as Record<string, string> | undefined;
  const { "deployment.kubernetes.io/revision": ____, ...annotations } = written ?? {};
  return {
    ...rest,
    ...(recorded["kind"] === "Secret"
      ? { stringData: { password: "p@ss: {{ word }}" } }
      : data === undefined
        ? {}
        : { data }),
    ...(recorded["kind"] === "Service" ? { spec: withoutAddresses(recorded["spec"]) } : {}),
    metadata: { ...metadata, ...(written === undefined ? {} : { annotations }) },
  } as unknown as KubeObject;
}

function withoutAddresses(spec: unknown): unknown {
  const { clusterIP: _, clusterIPs: __, ...rest } = spec as Record<string, unknown>;
  return rest;
}

describe("the cluster of the recordings", () => {
  it("holds what was recorded when the recorded objects are applied by hand", async () => {
    const created = readRecording("deploy-connected/manifests-images").steps[0]?.cluster.created ?? {};
    const byHand = Object.entries(created).filter(
      ([key, { kind }]) => !follows.has(String(kind)) && !/helm\.release|zarf-package/.test(key),
    );
    const recorded = canonicalState(
      new Map(
        Object.entries(created).filter(
          ([key, { kind }]) => byHand.some(([other]) => other === key) || follows.has(String(kind)),
        ),
      ),
    );
    const before = await running.read();

    for (const [, object] of byHand.sort(([left]) => (left.startsWith("Namespace") ? -1 : 1)))
      await running.cluster.apply(asApplied(object), { signal, fieldManager: "zarf" });

    const now = async (): Promise<ClusterState> => canonicalState(newOrChanged(before, await running.read()));
    // Namespaces were made by an update, not by an apply.
    const found = async () =>
      differences(recorded, await now()).filter(
        ({ object, path }) => !(object.startsWith("Namespace") && path.endsWith("$managers.0")),
      );
    await expect.poll(found, { timeout: 20_000, interval: 100 }).toEqual([]);
  });
});
