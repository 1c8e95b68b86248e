import { type KubeObject, record, records } from "../../kube/index.ts";
import type { DataInjection } from "./inject-request.ts";

/** What the pods of an injection are up to: those that can be given the data, or why there is none. */
export type WaitingPods =
  | { readonly pods: readonly KubeObject[] }
  | { readonly pods: readonly []; readonly reason: string };

/**
 * The pods that wait for the data: they name the marker file somewhere, and the container of the injection runs in them, as an init
 * container or an ordinary one. The newest come first.
 */
export function waitingPods(found: readonly KubeObject[], injection: DataInjection, marker: string): WaitingPods {
  const { namespace, selector, container } = injection.target;
  if (found.length === 0) return { pods: [], reason: `no pod in ${namespace} has the labels ${selector}` };
  const ours = found.filter((pod) => isCurrent(pod, marker)).sort(newestFirst);
  if (ours.length === 0) return { pods: [], reason: `none of ${found.length} pods waits for the file ${marker}` };
  const running = ours.filter((pod) => containerState(pod, container)?.["running"] !== undefined);
  if (running.length > 0) return { pods: running };
  const [newest] = ours;
  return { pods: [], reason: newest === undefined ? "" : containerReason(newest, container) };
}

/** Whether one of the pods has what it waited for; else why not. */
export function startedPod(
  found: readonly KubeObject[],
  marker: string,
): { readonly isStarted: boolean; readonly reason: string } {
  const ours = found.filter((pod) => isCurrent(pod, marker)).sort(newestFirst);
  const phases = ours.map((pod) => ({ pod, phase: String(record(pod["status"])?.["phase"] ?? "unknown") }));
  // A pod of a Job may be through before we look.
  const isStarted = phases.some(({ phase }) => phase === "Running" || phase === "Succeeded");
  const [newest] = phases;
  return {
    isStarted,
    reason: newest === undefined ? "its pods are gone" : `${podName(newest.pod)} is ${newest.phase}`,
  };
}

export const podName = ({ metadata }: KubeObject): string => `Pod/${metadata.namespace ?? ""}/${metadata.name ?? ""}`;

/** Pods of an earlier deployment wait for another marker. */
function isCurrent(pod: KubeObject, marker: string): boolean {
  return pod.metadata.deletionTimestamp === undefined && JSON.stringify(pod).includes(marker);
}

function newestFirst(one: KubeObject, other: KubeObject): number {
  return (other.metadata.creationTimestamp ?? "").localeCompare(one.metadata.creationTimestamp ?? "");
}

function containerState(pod: KubeObject, container: string): Readonly<Record<string, unknown>> | undefined {
  const status = record(pod["status"]);
  const all = [...records(status?.["initContainerStatuses"]), ...records(status?.["containerStatuses"])];
  return record(all.find(({ name }) => name === container)?.["state"]);
}

function containerReason(pod: KubeObject, container: string): string {
  const state = containerState(pod, container);
  if (state === undefined) {
    const phase = String(record(pod["status"])?.["phase"] ?? "unknown");
    return `${podName(pod)} is ${phase} and says nothing of a container ${container}`;
  }
  const [kind = "waiting", detail] = Object.entries(state)[0] ?? [];
  const reason = record(detail)?.["reason"];
  return `container ${container} of ${podName(pod)} is ${kind}${typeof reason === "string" ? ` (${reason})` : ""}`;
}
