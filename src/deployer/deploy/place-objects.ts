import { type Cluster, type KindRef, type KubeObject, record } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import type { RenderedManifest } from "../manifests/render.ts";

/** Kinds that a package's own definitions bring, with their scope: the cluster may not know them yet. */
export function definedKinds(objects: readonly KubeObject[]): ReadonlyMap<string, { readonly isNamespaced: boolean }> {
  const kinds = new Map<string, { readonly isNamespaced: boolean }>();
  for (const object of objects) {
    if (object.kind !== "CustomResourceDefinition") continue;
    const spec = record(object["spec"]);
    const kind = record(spec?.["names"])?.["kind"];
    const versions: unknown = spec?.["versions"];
    for (const version of Array.isArray(versions) ? versions : [])
      kinds.set(`${String(spec?.["group"])}/${String(record(version)?.["name"])} ${String(kind)}`, {
        isNamespaced: spec?.["scope"] === "Namespaced",
      });
  }
  return kinds;
}

/**
 * Puts the manifest's namespace into every namespaced object that names none.
 *
 * @throws OperatorError KUBE_KIND_UNKNOWN for a kind that neither the cluster nor the package knows
 */
export async function placeObjects(
  manifest: RenderedManifest,
  options: {
    readonly cluster: Pick<Cluster, "resourceOf">;
    readonly defined: ReadonlyMap<string, { readonly isNamespaced: boolean }>;
    readonly signal: AbortSignal;
  },
): Promise<readonly KubeObject[]> {
  const scopeOf = async (kind: KindRef): Promise<boolean> => {
    try {
      return (await options.cluster.resourceOf(kind, options)).isNamespaced;
    } catch (error) {
      const own = options.defined.get(`${kind.apiVersion} ${kind.kind}`);
      if (own !== undefined && isOperatorError(error, "KUBE_KIND_UNKNOWN")) return own.isNamespaced;
      throw error;
    }
  };
  return Promise.all(
    manifest.objects.map(async (object) => {
      if (object.metadata.namespace !== undefined || !(await scopeOf(object))) return object;
      return { ...object, metadata: { ...object.metadata, namespace: manifest.namespace } };
    }),
  );
}
