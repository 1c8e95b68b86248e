import { existsSync } from "node:fs";
import { type Cluster, connectCluster, connectStreams, type KubeStreams } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { kubeconfigFile } from "../phases/fetch-kubeconfig.ts";

const limitBytes = 4 * 1024 * 1024;

/** A cluster with the file that leads to it. */
export interface ReachedCluster {
  readonly cluster: Cluster;
  readonly streams: KubeStreams;
  readonly kubeconfig: string;
  readonly close: () => Promise<void>;
}

/**
 * The cluster of a kubeconfig, or of a site that is up; undefined where neither was named.
 *
 * @param how.kubeconfigFile - absolute
 * @param how.stateFolder - of the site
 * @throws OperatorError FILE_UNREADABLE, KUBECONFIG_INVALID, DEPLOY_CLUSTER_MISSING for a site without a kubeconfig
 */
export async function reachCluster(how: {
  readonly kubeconfigFile?: string | undefined;
  readonly stateFolder?: string | undefined;
}): Promise<ReachedCluster | undefined> {
  const kubeconfig =
    how.kubeconfigFile ?? (how.stateFolder === undefined ? undefined : siteKubeconfig(how.stateFolder));
  if (kubeconfig === undefined) return undefined;
  const kubeconfigYaml = await readTextFile(kubeconfig, { sizeLimitBytes: limitBytes });
  const cluster = connectCluster({ kubeconfigYaml });
  const streams = connectStreams({ kubeconfigYaml }, cluster);
  return { cluster, streams, kubeconfig, close: cluster.close };
}

function siteKubeconfig(stateFolder: string): string {
  const file = kubeconfigFile(stateFolder);
  if (existsSync(file)) return file;
  throw new OperatorError("DEPLOY_CLUSTER_MISSING", "the site is not up yet: there is no kubeconfig of it here", {
    where: { file },
    next: ["skerry up   brings the site up", "--kubeconfig FILE   names a cluster"],
    retry: "later",
  });
}
