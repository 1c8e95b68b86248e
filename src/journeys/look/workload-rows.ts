import { type Cluster, type KubeObject, objectName, readiness } from "../../kube/index.ts";

/** One workload in a table. */
export interface WorkloadRow {
  /** `Deployment/demo/web` */
  readonly object: string;
  readonly state: "Available" | "Progressing" | "Failed" | "Terminating";
  /** Why it is not Available. */
  readonly reason?: string;
}

const kinds = ["Deployment", "StatefulSet", "DaemonSet"] as const;

/** Every Deployment, StatefulSet and DaemonSet of a cluster, by name. */
export async function workloadRows(
  cluster: Cluster,
  options: { readonly signal: AbortSignal },
): Promise<readonly WorkloadRow[]> {
  const lists = await Promise.all(
    kinds.map(async (kind) => (await cluster.list({ apiVersion: "apps/v1", kind }, options)).items),
  );
  return lists
    .flat()
    .map(rowOf)
    .sort((a, b) => (a.object < b.object ? -1 : 1));
}

function rowOf(workload: KubeObject): WorkloadRow {
  const object = objectName(workload);
  const { status, message } = readiness(workload);
  switch (status) {
    case "current":
      return { object, state: "Available" };
    case "inProgress":
      return { object, state: "Progressing", reason: message };
    case "failed":
      return { object, state: "Failed", reason: message };
    case "terminating":
      return { object, state: "Terminating", reason: message };
    default:
      return status satisfies never;
  }
}
