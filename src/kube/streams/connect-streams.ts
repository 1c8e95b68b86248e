import type { Cluster } from "../cluster.ts";
import { type ClusterAccess, readKubeconfig } from "../kubeconfig.ts";
import { exec } from "./exec.ts";
import { portForward } from "./port-forward.ts";
import type { KubeStreams } from "./streams.ts";

/**
 * Streams through the API server that `cluster` speaks to, with the credentials of the kubeconfig (or of the access itself). Each stream
 * has a connection of its own and ends with its signal; nothing is opened before the first call.
 *
 * @throws OperatorError KUBECONFIG_INVALID
 */
export function connectStreams(
  how: { readonly kubeconfigYaml: string } | ClusterAccess,
  cluster: Pick<Cluster, "server" | "get" | "list">,
): KubeStreams {
  const read = "kubeconfigYaml" in how ? readKubeconfig(how.kubeconfigYaml) : how;
  const access: ClusterAccess = { ...read, server: cluster.server };
  return {
    exec: (request, call) => exec(access, request, call),
    portForward: (target, call) => portForward({ access, cluster, target }, call),
  };
}
