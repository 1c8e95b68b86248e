import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { localNetwork, type WaitFor, waitFor } from "../../deployer/index.ts";
import type { Cluster } from "../../kube/index.ts";
import type { JourneyWorld } from "../world.ts";
import { reachCluster } from "./reach-cluster.ts";

export interface WaitForRequest {
  readonly wait: WaitFor;
  readonly timeoutMs: number;
  readonly workingFolder: string;
  readonly home: string;
  /** `KUBECONFIG`: the first of its files that is there leads to the cluster; without it `~/.kube/config`, as for kubectl. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Waits for one thing of a cluster or the network, as the commands of packages ask for it by `./zarf tools wait-for`. A kubeconfig that
 * is not there yet is waited for too: a command before may be starting the cluster.
 *
 * @throws OperatorError ACTION_WAIT_UNMET, ACTION_UNSUPPORTED, KUBECONFIG_INVALID
 */
export async function waitForOne(
  request: WaitForRequest,
  { clock, signal, notice }: Pick<JourneyWorld, "clock" | "signal" | "notice">,
): Promise<void> {
  const opened: Cluster[] = [];
  const openCluster = async (): Promise<Cluster | string> => {
    const files = kubeconfigsOf(request);
    const kubeconfigFile = files.find((file) => existsSync(file));
    if (kubeconfigFile === undefined) return `there is no kubeconfig ${files.join(", ")}`;
    const reached = await reachCluster({ kubeconfigFile });
    if (reached === undefined) throw new Error("a kubeconfig was named and not read");
    opened.push(reached.cluster);
    return reached.cluster;
  };
  try {
    const network = localNetwork();
    await waitFor(request.wait, request.timeoutMs / 1000, { openCluster, network, clock, signal, onReason: notice });
  } finally {
    for (const cluster of opened) await cluster.close();
  }
}

function kubeconfigsOf({ environment, home, workingFolder }: WaitForRequest): readonly string[] {
  const named = (environment["KUBECONFIG"] ?? "").split(delimiter).filter((file) => file !== "");
  return named.length === 0 ? [join(home, ".kube", "config")] : named.map((file) => resolve(workingFolder, file));
}
