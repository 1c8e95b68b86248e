import { resolve } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";
import { findSite } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { stateFilesOf } from "../state-files.ts";
import { renderTable } from "../views/table.ts";

/** `skerry package list` */
export const packageList: Handler = async (call) => {
  const chosen = await findSite(call);
  const { listDeployed, reachCluster } = await import("../../journeys/index.ts");
  const { kubeconfig } = call.flags;
  const reached = await reachCluster({
    kubeconfigFile: kubeconfig === undefined ? undefined : resolve(call.workingFolder, kubeconfig),
    stateFolder: chosen === undefined ? undefined : (await stateFilesOf(call, chosen)).folder,
  });
  if (reached === undefined) throw noCluster();
  try {
    const packages = await listDeployed(reached.cluster, { signal: call.signal });
    const rows = packages.map(({ name, version, namespaceOverride, components, connectivity, deployedBy }) => [
      namespaceOverride === "" ? name : `${name} (${namespaceOverride})`,
      version,
      components.map((each) => (each.status === "Succeeded" ? each.name : `${each.name} (${each.status})`)).join(", "),
      connectivity,
      deployedBy,
    ]);
    return {
      exit: 0,
      text:
        rows.length === 0
          ? "No package is deployed."
          : renderTable(["PACKAGE", "VERSION", "COMPONENTS", "IMAGES", "BY"], rows),
      document: { kind: "PackageList", data: { packages } },
    };
  } finally {
    await reached.close();
  }
};

export function noCluster(): OperatorError {
  return new OperatorError("DEPLOY_CLUSTER_MISSING", "no cluster was named, and there is no site here", {
    next: ["--kubeconfig FILE   names a cluster", "--site FILE   names a site that is up"],
  });
}
