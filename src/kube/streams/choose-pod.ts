import { OperatorError } from "../../lib/errors/index.ts";
import type { Cluster } from "../cluster.ts";
import { type KubeObject, record, records } from "../objects.ts";
import type { ForwardTarget } from "./streams.ts";

/** A port of one pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/**
 * The pod that a forward leads to: the one that is named, or the first ready one behind a Service.
 *
 * @throws OperatorError KUBE_NOT_FOUND, KUBE_NO_READY_POD
 */
export async function choosePod(
  cluster: Pick<Cluster, "get" | "list">,
  target: ForwardTarget,
  call: { readonly signal: AbortSignal },
): Promise<PodPort> {
  const { namespace, name, port } = target;
  if (target.kind === "Pod") return { namespace, pod: name, port };
  const service = await cluster.get({ apiVersion: "v1", kind: "Service", namespace, name }, call);
  const spec = record(service["spec"]);
  const selector = Object.entries(record(spec?.["selector"]) ?? {});
  const wanted = records(spec?.["ports"]).find((candidate) => candidate["port"] === port);
  if (selector.length === 0) throw noPod(target, "the Service selects no pods");
  if (wanted === undefined) throw noPod(target, `the Service has no port ${port}`);
  const labelSelector = selector.map(([key, value]) => `${key}=${String(value)}`).join(",");
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }, call);
  const pod = items.find(isReady);
  if (pod?.metadata.name === undefined) {
    throw noPod(target, items.length === 0 ? "there is no pod behind it" : `none of its ${items.length} pods is ready`);
  }
  const number = podPort(pod, wanted["targetPort"] ?? port);
  if (number === undefined) throw noPod(target, `its pod has no port named ${String(wanted["targetPort"])}`);
  return { namespace, pod: pod.metadata.name, port: number };
}

function isReady(pod: KubeObject): boolean {
  const status = record(pod["status"]);
  const ready = records(status?.["conditions"]).find(({ type }) => type === "Ready");
  return (
    status?.["phase"] === "Running" && ready?.["status"] === "True" && pod.metadata.deletionTimestamp === undefined
  );
}

/** A target port is a number, or the name of a port of one of the pod's containers. */
function podPort(pod: KubeObject, targetPort: unknown): number | undefined {
  if (typeof targetPort === "number") return targetPort;
  const spec = record(pod["spec"]);
  const containers = [...records(spec?.["containers"]), ...records(spec?.["initContainers"])];
  const ports = containers.flatMap((container) => records(container["ports"]));
  const number = ports.find(({ name }) => name === targetPort)?.["containerPort"];
  return typeof number === "number" ? number : undefined;
}

function noPod(target: ForwardTarget, reason: string): OperatorError {
  const object = `${target.kind}/${target.namespace}/${target.name}`;
  return new OperatorError("KUBE_NO_READY_POD", `no way to ${object}:${target.port}: ${reason}`, {
    where: { object },
    next: [`kubectl -n ${target.namespace} get pods    shows why it is not ready`],
    retry: "later",
  });
}
