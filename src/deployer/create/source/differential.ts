import { OperatorError } from "../../../lib/errors/index.ts";
import { parseReference } from "../../../oci/index.ts";
import type { ComponentDefinition, PackageDefinition } from "../../package/definition.ts";
import { splitRepository } from "../fetch/repository-url.ts";

/** Tags that are moved to other content again and again. */
const movingTags = new Set(["latest", "stable", "nightly"]);

/**
 * A package with only what an older one of it does not have: images and pinned repositories that are listed there are left out.
 * Charts, files, manifests and image archives stay.
 *
 * @throws OperatorError PACKAGE_DIFFERENTIAL_INVALID where the older one cannot be a base
 */
export function reduceDifferential(definition: PackageDefinition, older: PackageDefinition): PackageDefinition {
  const { name, version } = definition.metadata;
  const base = older.metadata.version;
  const refuse = (reason: string) =>
    new OperatorError("PACKAGE_DIFFERENTIAL_INVALID", `package ${name} cannot be made as a difference: ${reason}`, {
      next: ["name an older version of the same package with --differential"],
    });
  if (older.metadata.name !== name) throw refuse(`the older package is ${older.metadata.name}`);
  if (version === undefined || base === undefined) throw refuse("both packages need a version");
  if (version === base) throw refuse(`both are version ${version}`);
  const images = new Set(older.components.flatMap((component) => component.images));
  const repos = new Set(older.components.flatMap((component) => component.repos));
  const reduce = (component: ComponentDefinition): ComponentDefinition => ({
    ...component,
    images: component.images.filter((image) => !images.has(image) || isMoving(image)),
    repos: component.repos.filter((repo) => !repos.has(repo) || !isPinned(repo)),
  });
  return { ...definition, components: definition.components.map(reduce) };
}

function isMoving(image: string): boolean {
  const { tag, digest } = parseReference(image.replace(/^oci:\/\//, ""));
  return digest === undefined && movingTags.has(tag ?? "latest");
}

/** By a tag or a commit; a branch goes on. */
function isPinned(repo: string): boolean {
  const { ref } = splitRepository(repo);
  return ref !== undefined && !ref.startsWith("refs/heads/");
}
