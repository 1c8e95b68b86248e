import { type Cluster, type KubeObject, type ObjectRef, objectName, readiness, record } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { findObject } from "./find-object.ts";

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

interface LookWorld {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
}

const workloads = new Set(["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job"]);

/** Looks once at every object. */
export async function readinessOfObjects(world: LookWorld, refs: readonly ObjectRef[]): Promise<PackageReadiness> {
  const objects: ObjectReadiness[] = [];
  for (const ref of refs) objects.push(await readinessOf(world, ref));
  const late = objects.filter(({ status }) => status !== "current");
  const isFailed = late.some(({ status }) => status === "failed");
  return {
    state: late.length === 0 ? "ready" : isFailed ? "failed" : "waiting",
    reason: late.map(({ object, message }) => `${object}: ${message}`).join("; "),
    objects,
  };
}

async function readinessOf(world: LookWorld, ref: ObjectRef): Promise<ObjectReadiness> {
  const live = await findOnceServed(world, ref);
  const object = objectName(ref);
  if (live === undefined) return { object, status: "missing", message: "not in the cluster" };
  const { status, message } = readiness(live);
  const ofPod = status === "current" ? undefined : await podReason(world, live);
  return { object, status, message: ofPod === undefined ? message : `${message} (${ofPod})` };
}

/** Of a kind that is not served yet there is nothing yet. */
async function findOnceServed({ cluster, signal }: LookWorld, ref: ObjectRef): Promise<KubeObject | undefined> {
  try {
    return await findObject(cluster, ref, { signal });
  } catch (error) {
    if (isOperatorError(error, "KUBE_KIND_UNKNOWN")) return undefined;
    throw error;
  }
}

/** What holds a workload's Pods back, which the workload itself does not say: "Pod/demo/web-1: web: ImagePullBackOff". */
async function podReason({ cluster, signal }: LookWorld, workload: KubeObject): Promise<string | undefined> {
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

export interface AwaitRequest extends LookWorld {
  readonly refs: readonly ObjectRef[];
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** "component web of package demo" */
  readonly what: string;
  /** Told when what an object says has changed. */
  readonly onChange: (object: ObjectReadiness) => void;
}

const intervalMs = 1000;

/**
 * Waits until every object is there and ready. Ends early when one has failed for good; an API server that is away for a moment is
 * waited for.
 *
 * @throws OperatorError PACKAGE_NOT_READY with the last reason of every object that was late
 */
export async function awaitObjects(request: AwaitRequest): Promise<void> {
  const { refs, clock, signal, deadlineMs } = request;
  const endMs = clock.now().getTime() + deadlineMs;
  const told = new Map<string, string>();
  let last: PackageReadiness = { state: "waiting", reason: "", objects: [] };
  for (;;) {
    last = await lookAgain(request, refs, last);
    for (const object of last.objects) {
      if (told.get(object.object) === object.message) continue;
      told.set(object.object, object.message);
      request.onChange(object);
    }
    if (last.state === "ready") return;
    if (last.state === "failed") throw notReady(request.what, "has failed", last);
    if (clock.now().getTime() >= endMs) throw notReady(request.what, `is not ready after ${deadlineMs / 1000} s`, last);
    await clock.sleep(intervalMs, { signal });
  }
}

async function lookAgain(
  world: LookWorld,
  refs: readonly ObjectRef[],
  last: PackageReadiness,
): Promise<PackageReadiness> {
  try {
    return await readinessOfObjects(world, refs);
  } catch (error) {
    world.signal.throwIfAborted();
    const isAway = isOperatorError(error, "KUBE_UNREACHABLE") || isOperatorError(error, "KUBE_UNAVAILABLE");
    if (!isAway && !isOperatorError(error, "DEADLINE_EXCEEDED")) throw error;
    return { ...last, state: "waiting", reason: error.message };
  }
}

function notReady(what: string, why: string, last: PackageReadiness): OperatorError {
  const late = last.objects.filter(({ status }) => status !== "current");
  return new OperatorError("PACKAGE_NOT_READY", `${what} ${why}: ${last.reason || "nothing was seen yet"}`, {
    problems: late.map(({ object, message }) => ({ message: `${object}: ${message}`, where: { object } })),
    next: ["run the same command again   goes on waiting"],
    retry: "later",
  });
}
