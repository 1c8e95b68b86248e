import type { Cluster } from "../../kube/index.ts";
import { record } from "../../kube/index.ts";
import { type ConnectStrings, listPackageRecords, type PackageRecord } from "../state/index.ts";

/** A package as the cluster's records say it. */
export interface DeployedPackage {
  readonly name: string;
  readonly version: string;
  /** Empty: none. */
  readonly namespaceOverride: string;
  readonly components: readonly {
    readonly name: string;
    readonly status: string;
    readonly releases: readonly string[];
  }[];
  readonly connectivity: "airgap" | "connected";
  readonly generation: number;
  readonly digest: string;
  /** The program that deployed it last. */
  readonly deployedBy: string;
  readonly connectStrings: ConnectStrings;
}

/** Every package that is deployed in the cluster, by whichever tool, by name. */
export async function listPackages(
  cluster: Pick<Cluster, "list">,
  call: { readonly signal: AbortSignal },
): Promise<readonly DeployedPackage[]> {
  return (await listPackageRecords(cluster, call)).map(({ value }) => deployedPackage(value));
}

function deployedPackage(of: PackageRecord): DeployedPackage {
  const version = record(of.data["metadata"])?.["version"];
  const charts = of.deployedComponents.flatMap(({ installedCharts }) => installedCharts);
  return {
    name: of.name,
    version: typeof version === "string" ? version : "",
    namespaceOverride: of.namespaceOverride,
    components: of.deployedComponents.map(({ name, status, installedCharts }) => ({
      name,
      status,
      releases: installedCharts.map(({ namespace, chartName }) => `${namespace}/${chartName}`),
    })),
    connectivity: of.packageConnectivity,
    generation: of.generation,
    digest: of.digest,
    deployedBy: of.cliVersion,
    connectStrings: Object.assign({}, ...charts.map(({ connectStrings }) => connectStrings)) as ConnectStrings,
  };
}
