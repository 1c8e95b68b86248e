import { findObject, type Outcome } from "./compare.ts";
import { look, type ObjectOutcome } from "./look.ts";
import { type PackageRequest, type Prepared, prepare } from "./prepare.ts";
import { deploymentRecord, isSameRecord, readRecord, recordName, recordNamespace } from "./record.ts";

/** What a deployment would do (or did). */
export interface PackageOutcome {
  /** Namespaces first, then the objects in their order. */
  readonly objects: readonly ObjectOutcome[];
  /** Of the Secret that records the deployment. */
  readonly record: Outcome;
  /** Nothing at all was (or would be) written. */
  readonly isUnchanged: boolean;
}

/**
 * Asks the cluster what deploying a package would change, object by object, by server-side dry run. Writes nothing.
 *
 * @throws OperatorError PACKAGE_…, KUBE_…; KUBE_CONFLICT and KUBE_INVALID as the deployment itself would
 */
export async function planPackage(request: PackageRequest): Promise<PackageOutcome> {
  const { pkg, cluster, signal } = request;
  const { components, declared, needed, defined } = await prepare(request);
  const missing = await missingNamespaces(request, needed);
  const objects: ObjectOutcome[] = missing.map((name) => ({ object: `Namespace/${name}`, outcome: "created" }));
  const coming = new Set(missing);
  for (const namespace of declared) {
    const found = await look(namespace, { cluster, signal, defined, coming: new Set() });
    if (found.outcome === "created") coming.add(namespace.metadata.name ?? "");
    objects.push(found);
  }
  for (const component of components)
    for (const object of component.objects) objects.push(await look(object, { cluster, signal, defined, coming }));

  const before = await findRecord(request);
  const statuses = components.map(() => "Succeeded" as const);
  const after = deploymentRecord(pkg, components, { before, statuses });
  const record = before === undefined ? "created" : isSameRecord(before, after) ? "unchanged" : "configured";
  return outcomeOf(objects, record);
}

/** What is recorded of this package, if anything is. */
export async function findRecord({ cluster, pkg, signal }: PackageRequest): Promise<ReturnType<typeof readRecord>> {
  const ref = { apiVersion: "v1", kind: "Secret", namespace: recordNamespace, name: recordName(pkg.name) };
  return readRecord(await findObject(cluster, ref, { signal }));
}

/** Which of these namespaces do not exist. */
export async function missingNamespaces(
  { cluster, signal }: Pick<PackageRequest, "cluster" | "signal">,
  names: Prepared["needed"],
): Promise<readonly string[]> {
  const found = await Promise.all(
    names.map((name) => findObject(cluster, { apiVersion: "v1", kind: "Namespace", name }, { signal })),
  );
  return names.filter((_name, index) => found[index] === undefined);
}

export function outcomeOf(objects: readonly ObjectOutcome[], record: Outcome): PackageOutcome {
  const isUnchanged = record === "unchanged" && objects.every(({ outcome }) => outcome === "unchanged");
  return { objects, record, isUnchanged };
}
