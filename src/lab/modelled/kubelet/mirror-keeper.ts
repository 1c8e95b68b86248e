import { type Cluster, type KubeObject, refOf } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { mapping } from "../../node/read-values.ts";
import { mirrorPod, type StaticPod } from "../control-plane/static-pods.ts";
import type { KeptImage } from "../images/image-table.ts";
import { type ContainerState, podStatus } from "./pod-status.ts";

/** A static pod and how it is now. */
export interface RunningStaticPod extends StaticPod {
  readonly kept: KeptImage;
  readonly ready: boolean;
  readonly since: Date;
}

const ROUND_MS = 2000;

/** Keeps the mirrors of the node's static pods in the API and their status true, until the signal. */
export async function keepMirrors(options: {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly node: { readonly name: string; readonly uid: string; readonly address: string };
  readonly pods: () => readonly RunningStaticPod[];
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { cluster, clock, node, signal } = options;
  const reported = new Map<string, string>();
  for (;;) {
    for (const pod of options.pods()) {
      const key = `${pod.ready} ${pod.since.getTime()}`;
      if (reported.get(pod.name) === key && (await exists(cluster, pod, node.name, signal))) continue;
      try {
        const wanted = mirrorPod(pod, { ...node, now: clock.now() });
        await ensure(cluster, wanted, signal);
        await cluster.patchStatus(refOf(wanted), statusOf(pod, wanted, node.address, clock.now()), { signal });
        reported.set(pod.name, key);
      } catch (error) {
        signal.throwIfAborted();
        options.log(`mirror pod of ${pod.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await clock.sleep(ROUND_MS * (reported.size < 3 ? 1 : 5), { signal });
  }
}

/** Creates the mirror; one of another command line or image is replaced. */
async function ensure(cluster: Cluster, wanted: KubeObject, signal: AbortSignal): Promise<void> {
  const hashOf = (pod: KubeObject) => pod.metadata.annotations?.["kubernetes.io/config.mirror"];
  const owner = (pod: KubeObject) => JSON.stringify(pod.metadata["ownerReferences"]);
  try {
    await cluster.create(wanted, { signal });
  } catch (error) {
    if (!isOperatorError(error, "KUBE_ALREADY_EXISTS")) throw error;
    const there = await cluster.get(refOf(wanted), { signal });
    const sameOwner = owner(there).includes(
      String(mapping((wanted.metadata["ownerReferences"] as unknown[])[0])["uid"]),
    );
    if (hashOf(there) === hashOf(wanted) && sameOwner) return;
    await cluster.delete(refOf(wanted), { signal, gracePeriodSeconds: 0 });
    await cluster.create(wanted, { signal });
  }
}

async function exists(cluster: Cluster, pod: StaticPod, node: string, signal: AbortSignal): Promise<boolean> {
  try {
    const ref = { apiVersion: "v1", kind: "Pod", namespace: "kube-system", name: `${pod.name}-${node}` };
    await cluster.get(ref, { signal });
    return true;
  } catch (error) {
    // Nobody answers: what was reported holds until somebody says otherwise.
    return !isOperatorError(error, "KUBE_NOT_FOUND");
  }
}

function statusOf(pod: RunningStaticPod, wanted: KubeObject, nodeAddress: string, now: Date) {
  const imageId = `${pod.kept.repository}@${pod.kept.digest}`;
  const state: ContainerState = pod.ready
    ? { kind: "running", since: pod.since, image: pod.kept.name, imageId }
    : { kind: "waiting", reason: "ContainerCreating" };
  return podStatus(
    wanted,
    { startedAt: pod.since, containers: new Map([[pod.name, state]]) },
    { nodeAddress, now, previous: [] },
  );
}
