import { OperatorError } from "../../lib/errors/index.ts";
import type { PackageDefinition } from "../package/definition.ts";

/** Where a manifest goes that names no namespace. */
export const defaultNamespace = "default";

/**
 * The definition with every chart and manifest in one namespace, another than its own. Only a package that uses exactly one can be
 * moved: two that meet in one namespace might be in each other's way.
 *
 * @param namespace - empty: the definition as it is
 * @throws OperatorError DEPLOY_NAMESPACE_REFUSED with the reason
 */
export function overrideNamespace(definition: PackageDefinition, namespace: string): PackageDefinition {
  if (namespace === "") return definition;
  const { metadata, kind } = definition;
  const used = namespacesOf(definition);
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace))
    throw refused(metadata.name, `"${namespace}" is no namespace's name`);
  if (kind === "ZarfInitConfig") throw refused(metadata.name, "it initialises a cluster, which has its own namespace");
  if (metadata.allowNamespaceOverride === false) throw refused(metadata.name, "it says that it must not be moved");
  if (used.length !== 1) {
    const what = used.length === 0 ? "none" : used.join(", ");
    throw refused(metadata.name, `it must use exactly one namespace to be moved, and uses ${what}`);
  }
  return {
    ...definition,
    components: definition.components.map((component) => ({
      ...component,
      charts: component.charts.map((chart) => ({ ...chart, namespace })),
      manifests: component.manifests.map((manifest) => ({ ...manifest, namespace })),
    })),
  };
}

/** Namespaces of a package's charts and manifests, each once. */
export function namespacesOf({ components }: PackageDefinition): readonly string[] {
  const used = components.flatMap(({ charts, manifests }) => [
    ...charts.map((chart) => chart.namespace ?? defaultNamespace),
    ...manifests.map((manifest) => manifest.namespace ?? defaultNamespace),
  ]);
  return [...new Set(used)];
}

function refused(name: string, why: string): OperatorError {
  return new OperatorError("DEPLOY_NAMESPACE_REFUSED", `package ${name} cannot be put into another namespace: ${why}`, {
    next: ["leave --namespace out"],
  });
}
