import { parseAssignments, readPackageKey } from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { loadSite, readSecretVariables } from "../../site/index.ts";
import { packageEntry } from "../package-entry.ts";
import { realPorts } from "../real-ports.ts";
import { readKeys } from "../trusted-keys.ts";
import type { JourneyWorld } from "../world.ts";
import type { DeploymentInputs } from "./open-deployment.ts";
import { type OpenedSource, openSource } from "./open-source.ts";
import { reachCluster } from "./reach-cluster.ts";
import type { RemoveContext } from "./remove.ts";
import { workplaceFor } from "./workplace-for.ts";

export interface OpenRemoval {
  readonly context: Omit<RemoveContext, "found">;
  readonly close: () => Promise<void>;
}

/**
 * Opens what a removal needs: the cluster, and what the package's actions on removal are given.
 *
 * @throws OperatorError DEPLOY_CLUSTER_MISSING, SECRET_VARIABLES_…, KUBECONFIG_INVALID, FILE_UNREADABLE
 */
export async function openRemoval(inputs: DeploymentInputs, world: JourneyWorld): Promise<OpenRemoval> {
  const { identityFile, secretsFile, options } = inputs;
  const site = inputs.site === undefined ? undefined : await loadSite(inputs.site.siteFile);
  const entry = site?.packages.find(({ name }) => name === inputs.named);
  const ofSite =
    site === undefined || entry === undefined
      ? undefined
      : await packageEntry(site, entry, { ...realPorts, identityFile });
  const secrets = secretsFile === undefined ? undefined : await readSecretVariables(secretsFile, { identityFile });
  const reached = await reachCluster({ kubeconfigFile: inputs.kubeconfigFile, stateFolder: inputs.site?.stateFolder });
  const source = await sourceOf(inputs, world);
  if (reached === undefined && source === undefined)
    throw new OperatorError("DEPLOY_CLUSTER_MISSING", "no cluster was named, and there is no site here", {
      next: ["--kubeconfig FILE   names a cluster", "--site FILE   names a site that is up"],
    });
  return {
    context: {
      subject: site?.name ?? reached?.cluster.server ?? "this machine",
      request: {
        name: source?.pkg.name ?? inputs.named,
        ...(source === undefined ? {} : { pkg: source.pkg }),
        namespace: options.namespace ?? ofSite?.options.namespace ?? "",
        components: options.components ?? [],
        cluster: reached?.cluster,
        variables: [
          { origin: { kind: "given" }, values: parseAssignments(inputs.set, "--set") },
          ...(secrets === undefined || secretsFile === undefined
            ? []
            : [{ origin: { kind: "secrets" as const, file: secretsFile }, values: secrets }]),
          ...(ofSite?.variables ?? []),
        ],
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
        workplace: workplaceFor({ kubeconfig: reached?.kubeconfig, self: inputs.self, folder: inputs.workingFolder }),
        clock: world.clock,
      },
    },
    close: async () => {
      await source?.close();
      await reached?.close();
    },
  };
}

/** The package itself, where a file or a place in a registry is named instead of a deployed package. */
async function sourceOf(inputs: DeploymentInputs, world: JourneyWorld): Promise<OpenedSource | undefined> {
  const { named, workingFolder } = inputs;
  const isSource = named.startsWith("oci://") || /[./\\]/.test(named);
  if (!isSource) return undefined;
  const keys = (await readKeys(inputs.keyFiles)).map(readPackageKey);
  const trust = { keys, allowUnsigned: inputs.allowUnsigned };
  const { notice, signal } = world;
  return await openSource({ named, workingFolder, trust, keep: "definition", notice, signal });
}
