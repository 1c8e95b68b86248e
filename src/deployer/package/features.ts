import semver from "semver";
import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import type { ComponentDefinition, PackageDefinition } from "./definition.ts";
import { zarfVersion } from "./zarf-version.ts";

export { zarfVersion };

/** Whether a part of a definition says anything: Zarf writes empty structs for what is not used. */
function isUsed(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.values(value).some(isUsed);
  return value !== undefined && value !== null && value !== "" && value !== false;
}

function* inComponent(component: ComponentDefinition): Generator<string> {
  const parts = {
    charts: component.charts,
    files: component.files,
    repos: component.repos,
    dataInjections: component.dataInjections,
    imageArchives: component.imageArchives,
    actions: component.actions,
    scripts: component.scripts,
    healthChecks: component.healthChecks,
    stateAccess: component.stateAccess,
    extensions: component.extensions,
    import: component.import,
    group: component.group,
    "only.localOS": component.only?.localOS,
    "only.flavor": component.only?.flavor,
  };
  for (const [name, value] of Object.entries(parts)) if (isUsed(value)) yield name;
  for (const manifest of component.manifests) {
    if (isUsed(manifest.kustomizations)) yield `manifests ${manifest.name}: kustomizations`;
    if (isUsed(manifest.template)) yield `manifests ${manifest.name}: template`;
    if (manifest.serverSideApply === "false") yield `manifests ${manifest.name}: serverSideApply "false"`;
  }
}

/** Features are refused by name; a requirement beyond the known format may mean one that has no name here yet. */
const isBeyondKnown = (version: string): boolean => semver.valid(version) === null || semver.gt(version, zarfVersion);

function* inPackage(definition: PackageDefinition): Generator<string> {
  if (definition.kind !== "ZarfPackageConfig") yield `kind ${definition.kind}`;
  if (isUsed(definition.metadata.yolo)) yield "metadata.yolo";
  if (isUsed(definition.values)) yield "values";
  if (isUsed(definition.build?.differential)) yield "differential packages";
  for (const { version, reason } of definition.build?.versionRequirements ?? [])
    if (isBeyondKnown(version)) yield `what needs Zarf ${version}${reason === undefined ? "" : ` (${reason})`}`;
  for (const { name, type } of definition.variables) if (type === "file") yield `variable ${name} of type ${type}`;
}

/** Where in a definition something is: `["components", 0, "charts"]`. */
type DefinitionPath = readonly (string | number)[];

interface UnsupportedFeature {
  readonly message: string;
  /** The nearest place in the definition. */
  readonly path: DefinitionPath;
}

/** Parts of Zarf's format that the definition uses and that are not carried out here. */
function unsupportedFeatures(definition: PackageDefinition): readonly UnsupportedFeature[] {
  return [
    ...[...inPackage(definition)].map((feature) => ({ message: `the package uses ${feature}`, path: [] })),
    ...definition.components.flatMap((component, index) =>
      [...inComponent(component)].map((feature) => ({
        message: `component ${component.name} uses ${feature}`,
        path: ["components", index, ...(/^[\w]+/.exec(feature) ?? [])],
      })),
    ),
  ];
}

/**
 * @param options.where - place of a path in the file that a person wrote; default: none is given
 * @param options.more - further features that the caller found
 * @throws OperatorError PACKAGE_FEATURE_UNSUPPORTED naming every component and feature
 */
export function refuseUnsupported(
  definition: PackageDefinition,
  options: { readonly where?: (path: DefinitionPath) => string; readonly more?: readonly Problem[] } = {},
): void {
  const found = unsupportedFeatures(definition).map(({ message, path }): Problem => {
    const file = options.where?.(path);
    return file === undefined ? { message } : { message, where: { file } };
  });
  const problems = [...found, ...(options.more ?? [])];
  if (problems.length === 0) return;
  const said = problems.map(({ message }) => message).join("; ");
  throw new OperatorError(
    "PACKAGE_FEATURE_UNSUPPORTED",
    `package ${definition.metadata.name}: ${said}; only manifests and images are carried out by this version`,
    { problems, next: ["deploy this package with zarf, or reduce it to manifests and images"] },
  );
}
