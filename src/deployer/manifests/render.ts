import { inApplyOrder, type KubeObject } from "../../kube/index.ts";
import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import { manifestFile } from "../package/component-tar.ts";
import type { ComponentDefinition, PackageDefinition } from "../package/definition.ts";
import { fullReference, manifestPath, packageImages } from "../package/package.ts";
import { findImages, type UsedImage } from "./find-images.ts";
import { markObject } from "./mark-object.ts";
import { readObjects } from "./read-objects.ts";
import { releaseName } from "./release-name.ts";
import { applyTextTemplate, type TemplateValue, templateKeys } from "./text-template.ts";
import { type PackageVariables, resolveVariables } from "./variables.ts";

export interface RenderedManifest {
  readonly name: string;
  /** Name of the release that Zarf would make. */
  readonly release: string;
  /** Of objects that name none. */
  readonly namespace: string;
  /** Nobody waits for these objects. */
  readonly noWait: boolean;
  /** In the order of applying, with the marks of the package. */
  readonly objects: readonly KubeObject[];
}

export interface RenderedComponent {
  readonly name: string;
  readonly manifests: readonly RenderedManifest[];
}

type Renderable = { readonly definition: PackageDefinition; readonly manifests: ReadonlyMap<string, string> };

/** Components that are deployed without being asked for: required ones and defaults. */
export function isDeployed(component: ComponentDefinition): boolean {
  return component.required || component.default;
}

/**
 * Turns a package and values into the objects to apply. Pure; what would not work at the site is found here: templates that
 * need Zarf's cluster state, images that nobody brings.
 *
 * @param options.components - "deployed": the required and default ones; "all": every one, to prove a package when it is built
 * @throws OperatorError DOCUMENT_INVALID, PACKAGE_INVALID, PACKAGE_VARIABLE_INVALID, PACKAGE_FEATURE_UNSUPPORTED,
 *   PACKAGE_IMAGE_UNLISTED
 */
export function renderPackage(
  pkg: Renderable,
  options: { readonly variables: PackageVariables; readonly components: "deployed" | "all" },
): readonly RenderedComponent[] {
  const { definition } = pkg;
  const values = resolveVariables(definition, options.variables, { mayLack: options.components === "all" });
  const components = definition.components.filter((component) => options.components === "all" || isDeployed(component));
  refuseStateTemplates(pkg, components);
  const rendered = components.map((component) => renderComponent(pkg, component, values));
  refuseUnlistedImages(
    definition,
    rendered.flatMap(({ manifests }) => manifests.flatMap(({ objects }) => objects.flatMap(findImages))),
  );
  return rendered;
}

function renderComponent(
  { definition, manifests }: Renderable,
  component: ComponentDefinition,
  values: ReadonlyMap<string, TemplateValue>,
): RenderedComponent {
  const packageName = definition.metadata.name;
  return {
    name: component.name,
    manifests: component.manifests.map(({ name, namespace = "default", noWait, files }) => {
      const release = releaseName(packageName, component.name, name);
      const objects = files.flatMap((_file, index) => {
        const file = manifestPath(component.name, manifestFile(name, index));
        const text = manifests.get(file);
        if (text === undefined)
          throw new OperatorError("PACKAGE_INVALID", `package ${packageName} lacks ${file}`, { where: { file } });
        return readObjects(applyTextTemplate(text, values), { file: `${packageName}: ${file}` });
      });
      const marked = objects.map((object) => markObject(object, { packageName, release, namespace }));
      return { name, release, namespace, noWait, objects: inApplyOrder(marked) };
    }),
  };
}

/** Values that Zarf takes from its own state in the cluster (its registry, its Git server) have no meaning here. */
function refuseStateTemplates({ definition, manifests }: Renderable, components: readonly ComponentDefinition[]): void {
  const problems: Problem[] = components.flatMap((component) =>
    [...manifests]
      .filter(([file]) => file.startsWith(manifestPath(component.name, "")))
      .flatMap(([file, text]) =>
        [...templateKeys(text)]
          .filter((key) => !key.startsWith("VAR_") && !key.startsWith("CONST_"))
          .map((key) => ({ message: `component ${component.name} uses template ###ZARF_${key}###`, where: { file } })),
      ),
  );
  if (problems.length === 0) return;
  const said = problems.map(({ message }) => message).join("; ");
  throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `package ${definition.metadata.name}: ${said}`, {
    problems,
    next: ["use a variable of the package instead of a value of Zarf's cluster state"],
  });
}

function refuseUnlistedImages(definition: PackageDefinition, used: readonly UsedImage[]): void {
  const listed = new Set(packageImages({ definition }));
  const unlisted = used.filter(({ image }) => !listed.has(fullReference(image)));
  if (unlisted.length === 0) return;
  const { name } = definition.metadata;
  const images = [...new Set(unlisted.map(({ image }) => image))];
  throw new OperatorError(
    "PACKAGE_IMAGE_UNLISTED",
    `package ${name} runs images that it does not list: ${images.join(", ")}`,
    {
      problems: unlisted.map(({ image, object }) => ({ message: `${image} is run by ${object}`, where: { object } })),
      next: [`add to images of the component in the zarf.yaml of ${name}: ${images.join(", ")}`],
    },
  );
}
