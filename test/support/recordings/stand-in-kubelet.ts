import { type KubeObject, record, records } from "../../../src/kube/index.ts";
import type { ApiClient } from "./api-client.ts";

/** The one machine of the recordings. No Node object stands for it, which is why no DaemonSet has pods there. */
const nodeName = "node-a";
/** A pod with this annotation is never placed. */
const neverAnnotation = "test/never";

export interface StandInKubelet {
  /** Resolves when its watch has ended. Throws what went wrong meanwhile. */
  readonly stop: () => Promise<void>;
}

/**
 * Plays scheduler and kubelet for every pod: places it, calls it running and ready (a job's pod succeeded), and lets it go when it is
 * deleted. Nothing is started. Pods with the annotation `test/never: "1"` stay pending.
 */
export async function startStandInKubelet(api: ApiClient): Promise<StandInKubelet> {
  const ended = new AbortController();
  const failures: unknown[] = [];
  const busy = new Set<Promise<void>>();
  const seen = (pod: KubeObject) => {
    const work = attend(api, pod).catch((error: unknown) => void failures.push(error));
    busy.add(work);
    void work.finally(() => busy.delete(work));
  };
  const listed = await api.json({ method: "GET", path: "/api/v1/pods" });
  for (const pod of records(listed["items"])) seen(pod as KubeObject);
  const from = record(listed["metadata"])?.["resourceVersion"] as string;
  const watching = (async () => {
    for await (const event of api.lines(`/api/v1/pods?watch=true&resourceVersion=${from}`, ended.signal))
      if (event["type"] !== "DELETED") seen(event["object"] as KubeObject);
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) failures.push(error);
  });
  return {
    stop: async () => {
      ended.abort();
      await watching;
      await Promise.all(busy);
      if (failures.length > 0) throw failures[0];
    },
  };
}

async function attend(api: ApiClient, pod: KubeObject): Promise<void> {
  const { name = "", namespace = "", uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  if (pod.metadata.deletionTimestamp !== undefined)
    return settled(
      api.send({ method: "DELETE", path, body: { gracePeriodSeconds: 0, preconditions: { uid } } }),
      `${path} ends`,
    );
  if (pod.metadata.annotations?.[neverAnnotation] === "1") return;
  if (record(pod["spec"])?.["nodeName"] === undefined)
    return settled(
      api.send({
        method: "POST",
        path: `${path}/binding`,
        body: { metadata: { name, uid }, target: { name: nodeName } },
      }),
      `${path} is placed`,
    );
  if (record(pod["status"])?.["phase"] === "Pending")
    return settled(
      api.send({
        method: "PATCH",
        path: `${path}/status`,
        contentType: "application/strategic-merge-patch+json",
        body: { metadata: { uid }, status: statusOf(pod) },
      }),
      `${path} runs`,
    );
}

/** A pod may be gone, another of its name may have come, or somebody was quicker: the next event tells. */
async function settled(asked: ReturnType<ApiClient["send"]>, what: string): Promise<void> {
  const { status, body } = await asked;
  if (status > 299 && status !== 404 && status !== 409) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
}

function statusOf(pod: KubeObject): object {
  const at = new Date().toISOString();
  const isJob = records(pod.metadata["ownerReferences"]).some(({ kind }) => kind === "Job");
  const condition = (type: string) => ({ type, status: isJob && type !== "PodScheduled" ? "False" : "True" });
  const state = isJob
    ? { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } }
    : { running: { startedAt: at } };
  return {
    phase: isJob ? "Succeeded" : "Running",
    startTime: at,
    podIP: "10.244.0.2",
    podIPs: [{ ip: "10.244.0.2" }],
    conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition),
    containerStatuses: records(record(pod["spec"])?.["containers"]).map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: !isJob,
      started: !isJob,
      restartCount: 0,
      state,
    })),
  };
}
