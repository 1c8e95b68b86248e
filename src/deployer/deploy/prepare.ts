import type { Cluster, KubeObject } from "../../kube/index.ts";
import { type RenderedComponent, renderPackage } from "../manifests/render.ts";
import type { PackageVariables } from "../manifests/variables.ts";
import type { Package } from "../package/package.ts";
import { definedKinds, placeObjects } from "./place-objects.ts";
import { recordNamespace } from "./record.ts";

/** A package meets a cluster: what planning, deploying and waiting start from. */
export interface PackageRequest {
  readonly pkg: Package;
  readonly cluster: Cluster;
  /** Default: the variables' own defaults. */
  readonly variables?: PackageVariables;
  readonly signal: AbortSignal;
}

export interface PreparedComponent extends RenderedComponent {
  /** Of all manifests, in the order of applying, each in its namespace. */
  readonly objects: readonly KubeObject[];
  /** Those that a wait for readiness looks at. */
  readonly awaited: readonly KubeObject[];
}

export interface Prepared {
  readonly components: readonly PreparedComponent[];
  /** Namespaces that the package declares itself. */
  readonly declared: readonly KubeObject[];
  /** Names of the others that must be there. */
  readonly needed: readonly string[];
  /** `group/version Kind` of kinds that the package brings. */
  readonly defined: ReadonlyMap<string, { readonly isNamespaced: boolean }>;
}

const isNamespace = (object: KubeObject): boolean => object.kind === "Namespace" && object.apiVersion === "v1";

/** Renders the package and puts its objects in their places. Reads the cluster's kinds, nothing else. */
export async function prepare(request: PackageRequest): Promise<Prepared> {
  const { pkg, cluster, signal } = request;
  const rendered = renderPackage(pkg, { variables: request.variables ?? {}, components: "deployed" });
  const everything = rendered.flatMap(({ manifests }) => manifests.flatMap(({ objects }) => objects));
  const defined = definedKinds(everything);
  const components = await Promise.all(
    rendered.map(async (component): Promise<PreparedComponent> => {
      const placed = await Promise.all(
        component.manifests.map(async (manifest) => ({
          noWait: manifest.noWait,
          objects: await placeObjects(manifest, { cluster, defined, signal }),
        })),
      );
      return {
        ...component,
        objects: placed.flatMap(({ objects }) => objects.filter((object) => !isNamespace(object))),
        awaited: placed.filter(({ noWait }) => !noWait).flatMap(({ objects }) => objects),
      };
    }),
  );
  const declared = everything.filter(isNamespace);
  const own = new Set(declared.map(({ metadata }) => metadata.name));
  const named = [
    recordNamespace,
    ...rendered.flatMap(({ manifests }) => manifests.map(({ namespace }) => namespace)),
    ...components.flatMap(({ objects }) => objects.flatMap(({ metadata: { namespace } }) => namespace ?? [])),
  ];
  return { components, declared, defined, needed: [...new Set(named)].filter((name) => !own.has(name)).sort() };
}

/** A namespace as Zarf makes it for what it deploys. */
export function namespaceObject(name: string): KubeObject {
  const labels = { "app.kubernetes.io/managed-by": "zarf", "zarf.dev/agent": "mutate" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}
