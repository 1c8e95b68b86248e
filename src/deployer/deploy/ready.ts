import { type Cluster, type KubeObject, objectName, readiness, record, refOf } from "../../kube/index.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { findObject } from "./compare.ts";
import { type PackageRequest, prepare } from "./prepare.ts";

export interface ObjectReadiness {
  /** `Kind/namespace/name` */
  readonly object: string;
  readonly status: ReturnType<typeof readiness>["status"] | "missing";
  /** The last reason: "1 of 2 replicas are available". */
  readonly message: string;
}

export interface PackageReadiness {
  /** `failed`: waiting does not cure it. */
  readonly state: "ready" | "waiting" | "failed";
  /** Of the objects that are not ready, in one line; empty when ready. */
  readonly reason: string;
  readonly objects: readonly ObjectReadiness[];
}

const workloads = new Set(["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job"]);

/** Looks once at every object of the package that is to be waited for. */
export async function packageReadiness(request: PackageRequest): Promise<PackageReadiness> {
  const { components } = await prepare(request);
  return look(
    request,
    components.flatMap(({ awaited }) => awaited),
  );
}

async function look(
  { cluster, signal }: Pick<PackageRequest, "cluster" | "signal">,
  awaited: readonly KubeObject[],
): Promise<PackageReadiness> {
  const objects: ObjectReadiness[] = [];
  for (const object of awaited) objects.push(await readinessOf(cluster, object, signal));
  const late = objects.filter(({ status }) => status !== "current");
  const isFailed = late.some(({ status }) => status === "failed");
  return {
    state: late.length === 0 ? "ready" : isFailed ? "failed" : "waiting",
    reason: late.map(({ object, message }) => `${object}: ${message}`).join("; "),
    objects,
  };
}

/** A look that outlives an API server that is away for a moment: what was seen before stands, with the reason. */
async function lookAgain(
  at: Pick<PackageRequest, "cluster" | "signal">,
  awaited: readonly KubeObject[],
  last: PackageReadiness,
): Promise<PackageReadiness> {
  try {
    return await look(at, awaited);
  } catch (error) {
    at.signal.throwIfAborted();
    const isAway = isOperatorError(error, "KUBE_UNREACHABLE") || isOperatorError(error, "KUBE_UNAVAILABLE");
    if (!isAway && !isOperatorError(error, "DEADLINE_EXCEEDED")) throw error;
    return { ...last, state: "waiting", reason: error.message };
  }
}

async function readinessOf(cluster: Cluster, object: KubeObject, signal: AbortSignal): Promise<ObjectReadiness> {
  const name = objectName(object);
  const live = await findObject(cluster, refOf(object), { signal });
  if (live === undefined) return { object: name, status: "missing", message: "not in the cluster" };
  const { status, message } = readiness(live);
  const ofPod = status === "current" ? undefined : await podReason(cluster, live, signal);
  return { object: name, status, message: ofPod === undefined ? message : `${message} (${ofPod})` };
}

/** What holds a workload's Pods back, which the workload itself does not say: "Pod/demo/web-1: web: ImagePullBackOff". */
async function podReason(cluster: Cluster, workload: KubeObject, signal: AbortSignal): Promise<string | undefined> {
  const { namespace } = workload.metadata;
  const labels = record(record(record(workload["spec"])?.["selector"])?.["matchLabels"]);
  if (!workloads.has(workload.kind) || labels === undefined || namespace === undefined) return undefined;
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }, { signal });
  for (const pod of items) {
    const found = readiness(pod);
    if (found.status === "inProgress" || found.status === "failed") return `${objectName(pod)}: ${found.message}`;
  }
  return undefined;
}

export interface WaitRequest extends PackageRequest {
  /** Default 900 000 (15 minutes), as Zarf waits. */
  readonly deadlineMs?: number;
  /** Between looks; default 1000. */
  readonly intervalMs?: number;
  readonly clock?: Clock;
  /** Told when what an object says has changed. */
  readonly onProgress?: (object: ObjectReadiness) => void;
}

/**
 * Waits until every object of the package is ready (Deployments available, …); manifests with `noWait` are left out. Ends early
 * when an object has failed for good. Writes nothing.
 *
 * @throws OperatorError PACKAGE_NOT_READY with the last reason of every object that was late
 */
export async function waitPackageReady(request: WaitRequest): Promise<void> {
  const { pkg, cluster } = request;
  const clock = request.clock ?? systemClock;
  const awaited = (await prepare(request)).components.flatMap((component) => component.awaited);
  const told = new Map<string, string>();
  let last: PackageReadiness = { state: "waiting", reason: "", objects: [] };
  const notReady = (why: string, cause?: unknown) => {
    const late = last.objects.filter(({ status }) => status !== "current");
    return new OperatorError(
      "PACKAGE_NOT_READY",
      `package ${pkg.name} ${why}: ${last.reason || "nothing was seen yet"}`,
      {
        problems: late.map(({ object, message }) => ({ message: `${object}: ${message}`, where: { object } })),
        next: ["skerry status    shows the cluster's nodes", "skerry up    goes on waiting"],
        retry: "later",
        cause,
      },
    );
  };
  const deadlineMs = request.deadlineMs ?? 900_000;
  try {
    await withDeadline(deadlineMs, { signal: request.signal, what: `package ${pkg.name}` }, async (signal) => {
      for (;;) {
        last = await lookAgain({ cluster, signal }, awaited, last);
        for (const object of last.objects) {
          if (told.get(object.object) === object.message) continue;
          told.set(object.object, object.message);
          request.onProgress?.(object);
        }
        if (last.state === "ready") return;
        if (last.state === "failed") throw notReady("has failed");
        await clock.sleep(request.intervalMs ?? 1000, { signal });
      }
    });
  } catch (error) {
    if (isOperatorError(error, "DEADLINE_EXCEEDED")) throw notReady(`is not ready after ${deadlineMs / 1000} s`, error);
    throw error;
  }
}
