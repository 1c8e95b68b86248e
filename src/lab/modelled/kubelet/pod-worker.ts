import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, type KubeObject, refOf } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { at, list, mapping, text } from "../../node/read-values.ts";
import type { KeptImage } from "../images/image-table.ts";
import { environmentNeeds, type Need, volumeNeeds } from "./pod-needs.ts";
import { type Container, type ContainerState, containersOf, isHostNetwork, podStatus } from "./pod-status.ts";

/**
 * What happens to a container once its image is there. A modelled machine runs nothing itself; images that it shall start as real
 * processes get a decision of their own here.
 */
export type ContainerRun = "stays" | "completes";

export interface PodWorkerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly nodeAddress: string;
  /** Resolves when the node has a CNI. */
  readonly networkReady: (signal: AbortSignal) => Promise<void>;
  readonly takeAddress: (signal: AbortSignal) => Promise<string>;
  readonly giveAddressBack: (address: string) => void;
  readonly pull: (container: Container, signal: AbortSignal) => Promise<KeptImage>;
  readonly runs: (pod: KubeObject, container: Container, image: KeptImage) => ContainerRun;
  readonly log: (line: string) => void;
  /** First pause after a failed pull, and the longest; the kubelet's own are 10 s and 300 s. */
  readonly backOffMs: { readonly first: number; readonly longest: number };
  /** Told once, when every container runs. */
  readonly onRunning: () => void;
}

export interface PodWorker {
  readonly update: (pod: KubeObject) => void;
  /** Ends the pod's containers; resolves when nothing is reported any more. */
  readonly stop: () => Promise<void>;
}

const STATUS_PAUSE_MS = 150;
const RETRY_MS = 1000;

/** Carries one pod from bound to running, reporting as a kubelet does. */
export function startPodWorker(first: KubeObject, options: PodWorkerOptions): PodWorker {
  const { cluster, clock } = options;
  const life = new AbortController();
  const { signal } = life;
  const containers = new Map<string, ContainerState>();
  const startedAt = clock.now();
  let pod = first;
  let podIp: string | undefined;
  let dirty = true;
  let conditions = list(at(first["status"], "conditions")).map(mapping);

  const set = (container: Container, state: ContainerState) => {
    containers.set(container.name, state);
    dirty = true;
  };
  const report = async (): Promise<void> => {
    for (;;) {
      // Changes within a moment go out together.
      await clock.sleep(STATUS_PAUSE_MS, { signal });
      if (!dirty) continue;
      dirty = false;
      const status = podStatus(
        pod,
        { startedAt, containers, ...(podIp === undefined ? {} : { podIp }) },
        { nodeAddress: options.nodeAddress, now: clock.now(), previous: conditions },
      );
      try {
        await cluster.patchStatus(refOf(pod), status, { signal });
        conditions = status.conditions.map(mapping);
      } catch (error) {
        if (isOperatorError(error, "KUBE_NOT_FOUND")) return;
        signal.throwIfAborted();
        dirty = true;
        await clock.sleep(RETRY_MS, { signal });
      }
    }
  };
  /** The first of what is needed that is not there; asks on while the API server gives no clear answer. */
  const missing = async (needs: readonly Need[]): Promise<string | undefined> => {
    for (const { kind, name } of needs) {
      for (;;) {
        try {
          await cluster.get(
            { apiVersion: "v1", kind, name, namespace: pod.metadata.namespace ?? "default" },
            { signal },
          );
          break;
        } catch (error) {
          signal.throwIfAborted();
          if (isOperatorError(error, "KUBE_NOT_FOUND")) return `${kind.toLowerCase()} "${name}" not found`;
          // Most often the authorizer has not seen yet that the pod is bound to this node.
          await clock.sleep(RETRY_MS / 2, { signal });
        }
      }
    }
    return undefined;
  };
  /** Waits until the image is there and all that the container reads; then says that it runs. */
  const startContainer = async (container: Container): Promise<KeptImage> => {
    const image = await pulled(container);
    for (;;) {
      const lacking = await missing(environmentNeeds(container));
      if (lacking === undefined) break;
      set(container, { kind: "waiting", reason: "CreateContainerConfigError", message: lacking });
      await clock.sleep(RETRY_MS, { signal });
    }
    const since = clock.now();
    set(container, { kind: "running", since, image: image.name, imageId: `${image.repository}@${image.digest}` });
    return image;
  };
  const pulled = async (container: Container): Promise<KeptImage> => {
    for (let pauseMs = options.backOffMs.first; ; pauseMs = Math.min(2 * pauseMs, options.backOffMs.longest)) {
      try {
        return await options.pull(container, signal);
      } catch (error) {
        signal.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        const message = `failed to pull and unpack image "${container.image}": ${why}`;
        options.log(`${pod.metadata.namespace}/${pod.metadata.name}: ErrImagePull: ${message}`);
        set(container, { kind: "waiting", reason: "ErrImagePull", message });
        await clock.sleep(Math.min(pauseMs, 1000), { signal });
        set(container, {
          kind: "waiting",
          reason: "ImagePullBackOff",
          message: `Back-off pulling image "${container.image}": ErrImagePull: ${message}`,
        });
        await clock.sleep(pauseMs, { signal });
      }
    }
  };
  const complete = (container: Container, image: KeptImage) => {
    const state = containers.get(container.name);
    const since = state?.kind === "running" ? state.since : clock.now();
    const imageId = `${image.repository}@${image.digest}`;
    set(container, { kind: "terminated", since, at: clock.now(), image: image.name, imageId });
  };
  const run = async (): Promise<void> => {
    const main = containersOf(pod, "containers");
    const init = containersOf(pod, "initContainers");
    const creating = init.length > 0 ? "PodInitializing" : "ContainerCreating";
    for (const container of main) set(container, { kind: "waiting", reason: creating });
    for (const container of init) set(container, { kind: "waiting", reason: "PodInitializing" });
    for (;;) {
      const lacking = await missing(volumeNeeds(pod));
      if (lacking === undefined) break;
      options.log(`${pod.metadata.namespace}/${pod.metadata.name}: FailedMount: ${lacking}`);
      await clock.sleep(2 * RETRY_MS, { signal });
    }
    if (!isHostNetwork(pod)) {
      await options.networkReady(signal);
      podIp = await options.takeAddress(signal);
    }
    for (const container of init) {
      const image = await startContainer(container);
      if (!container.isSidecar) complete(container, image);
    }
    const images = await Promise.all(main.map(startContainer));
    options.onRunning();
    for (const [index, container] of main.entries()) {
      const image = images[index];
      if (image !== undefined && options.runs(pod, container, image) === "completes") complete(container, image);
    }
  };
  const quiet = (error: unknown): void => {
    if (!signal.aborted) options.log(`${pod.metadata.namespace}/${pod.metadata.name}: ${String(error)}`);
  };
  const over = ["Succeeded", "Failed"].includes(text(at(first["status"], "phase")) ?? "");
  const work = over ? Promise.resolve([]) : Promise.all([run().catch(quiet), report().catch(quiet)]);
  return {
    update: (next) => {
      pod = next;
      // Others may set conditions of their own (readiness gates); ours are merged over them.
      const foreign = list(at(next["status"], "conditions")).map(mapping);
      if (foreign.length > 0) conditions = foreign;
    },
    stop: async () => {
      life.abort();
      await Promise.race([work, sleep(RETRY_MS, undefined, { ref: false })]);
      if (podIp !== undefined) options.giveAddressBack(podIp);
    },
  };
}
