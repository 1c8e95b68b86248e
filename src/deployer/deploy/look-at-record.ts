import type { Cluster } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { BuiltDefinition, type ComponentDefinition, type PackageDefinition } from "../package/definition.ts";
import type { OpenPackage } from "../package/open-package.ts";
import { zarfJson } from "../package/zarf-json.ts";
import { type DeployedComponent, type PackageRecord, readPackageRecord, recordName } from "../state/index.ts";
import { matchesGlob } from "./glob.ts";
import { needsCluster } from "./needs.ts";

interface RecordRequest {
  readonly name: string;
  readonly namespace?: string;
  readonly components?: readonly string[];
  readonly pkg?: OpenPackage;
  readonly cluster: Cluster | undefined;
  readonly signal: AbortSignal;
}

export interface ChosenComponent {
  readonly deployed: DeployedComponent;
  /** Undefined where the record does not hold its definition. */
  readonly component: ComponentDefinition | undefined;
}

/** What is recorded of a package that is to be removed. */
export interface RecordLook {
  readonly record: PackageRecord;
  /** Where the package is recorded; undefined where it is recorded nowhere. */
  readonly cluster: Cluster | undefined;
  readonly definition: PackageDefinition;
  /** In the order of their removal. */
  readonly chosen: readonly ChosenComponent[];
}

/**
 * Finds what a removal takes: from the record, or from the package itself where none is written.
 *
 * @throws OperatorError DEPLOY_PACKAGE_UNKNOWN, DEPLOY_SELECTION_INVALID, STATE_RECORD_INVALID, KUBE_…
 */
export async function lookAtRecord(request: RecordRequest): Promise<RecordLook> {
  const { cluster, name, namespace, components, signal } = request;
  const stored =
    cluster === undefined
      ? undefined
      : await readPackageRecord(cluster, { name, namespaceOverride: namespace ?? "" }, { signal });
  const record = stored?.value ?? unrecorded(request);
  const definition = definitionOf(record);
  const wanted = (components ?? []).map((item) => item.trim()).filter((item) => item !== "");
  const chosen = record.deployedComponents
    .filter((deployed) => isWanted(deployed.name, wanted))
    .toReversed()
    .map((deployed) => ({ deployed, component: definition.components.find((each) => each.name === deployed.name) }));
  if (chosen.length === 0 && wanted.length > 0)
    throw new OperatorError("DEPLOY_SELECTION_INVALID", `no deployed component of ${name} is ${wanted.join(", ")}`, {
      next: [`name one of: ${record.deployedComponents.map((each) => each.name).join(", ")}`],
    });
  return { record, definition, chosen, cluster: stored === undefined ? undefined : cluster };
}

/** A package of files and commands alone, as it would have been recorded. */
function unrecorded({ pkg, name, namespace }: RecordRequest): PackageRecord {
  if (pkg === undefined || pkg.definition.components.some(needsCluster)) throw unknownPackage(name, namespace ?? "");
  return {
    name: pkg.name,
    digest: pkg.digest,
    data: zarfJson(pkg.definition, { files: "stored" }),
    cliVersion: "",
    generation: 0,
    deployedComponents: pkg.definition.components.map((component) => ({
      name: component.name,
      installedCharts: [],
      status: "Succeeded" as const,
      observedGeneration: 0,
    })),
    packageConnectivity: "connected",
    namespaceOverride: "",
  };
}

function isWanted(name: string, wanted: readonly string[]): boolean {
  if (wanted.some((item) => item.startsWith("-") && matchesGlob(item.slice(1), name))) return false;
  const included = wanted.filter((item) => !item.startsWith("-"));
  return included.length === 0 || included.some((item) => matchesGlob(item, name));
}

function unknownPackage(name: string, namespace: string): OperatorError {
  const where = namespace === "" ? "" : ` in namespace ${namespace}`;
  return new OperatorError("DEPLOY_PACKAGE_UNKNOWN", `the cluster has no record of a package ${name}${where}`, {
    next: ["skerry package list   shows what is deployed; give it the same --kubeconfig or --site"],
  });
}

function definitionOf(record: PackageRecord): PackageDefinition {
  const read = BuiltDefinition.safeParse(record.data);
  if (read.success) return read.data;
  throw new OperatorError(
    "STATE_RECORD_INVALID",
    `the record of package ${record.name} holds a definition that cannot be read`,
    {
      where: { object: `Secret/zarf/${recordName(record.name, record.namespaceOverride)}` },
      problems: read.error.issues.map(({ path, message }) => ({ message: `${path.join(".")}: ${message}` })),
      next: ["remove the package with the tool that deployed it"],
    },
  );
}
