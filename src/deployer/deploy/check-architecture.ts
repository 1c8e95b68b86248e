import { type Cluster, record } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { mediaTypes, parseReference, targetOf } from "../../oci/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import type { OpenPackage } from "../package/open-package.ts";
import { imagesOf } from "./needs.ts";

/**
 * Refuses a package whose images run on none of the nodes. One without images runs anywhere, and an image with an index says for
 * itself where it runs; a cluster whose nodes nobody knows yet is not asked.
 *
 * @throws OperatorError PACKAGE_ARCHITECTURE
 */
export async function checkArchitecture(
  pkg: OpenPackage,
  components: readonly ComponentDefinition[],
  { cluster, signal }: { readonly cluster: Pick<Cluster, "list">; readonly signal: AbortSignal },
): Promise<void> {
  const images = components.flatMap(imagesOf);
  const own = pkg.definition.metadata.architecture ?? pkg.definition.build?.architecture;
  if (images.length === 0 || own === undefined || own === "multi") return;
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Node" }, { signal });
  const there = new Set(items.flatMap((node) => architectureOf(record(node["status"]))));
  if (there.size === 0 || there.has(own) || (await hasIndex(pkg, images))) return;
  throw new OperatorError(
    "PACKAGE_ARCHITECTURE",
    `package ${pkg.name} is for ${own}, and the nodes of the cluster are ${[...there].sort().join(", ")}`,
    { next: [`get the package that was made for ${[...there].sort().join(" or ")}`] },
  );
}

function architectureOf(status: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  const architecture = record(status?.["nodeInfo"])?.["architecture"];
  return typeof architecture === "string" && architecture !== "" ? [architecture] : [];
}

const indexes: ReadonlySet<string> = new Set([mediaTypes.ociIndex, mediaTypes.dockerManifestList]);

async function hasIndex(pkg: OpenPackage, images: readonly string[]): Promise<boolean> {
  for (const image of images) {
    const reference = parseReference(image.replace(/^oci:\/\//, ""));
    const { registry, repository } = reference;
    const found = await pkg.images.resolve({ registry, repository, reference: targetOf(reference) });
    if (found !== undefined && indexes.has(found.mediaType)) return true;
  }
  return false;
}
