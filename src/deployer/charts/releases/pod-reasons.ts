import { type Cluster, type KubeObject, type Listing, readiness, record } from "../../../kube/index.ts";

/**
 * Why the Pods behind a workload do not run, in the words of the first that says why; undefined where none says anything.
 *
 * @param options.pods - Pods already listed, by namespace; filled here
 */
export async function podReasons(
  workload: KubeObject,
  options: { readonly cluster: Cluster; readonly signal: AbortSignal; readonly pods: Map<string, Listing> },
): Promise<string | undefined> {
  const labels = record(record(record(workload["spec"])?.["selector"])?.["matchLabels"]);
  const { namespace } = workload.metadata;
  if (labels === undefined || namespace === undefined) return undefined;
  const { cluster, signal, pods } = options;
  const listing = pods.get(namespace) ?? (await cluster.list({ apiVersion: "v1", kind: "Pod", namespace }, { signal }));
  pods.set(namespace, listing);
  const own = listing.items.filter(({ metadata }) =>
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  );
  for (const pod of own) {
    const { status, message } = readiness(pod);
    if (status !== "current" && message !== "not ready yet") return `Pod ${pod.metadata.name ?? ""}: ${message}`;
  }
  return undefined;
}
