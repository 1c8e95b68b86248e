import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import { documentInvalid, parseYamlDocument, type YamlDocument } from "../../lib/yaml/index.ts";
import { renderPackage } from "../manifests/render.ts";
import { assemblePackage, type BuiltPackage } from "./assemble.ts";
import { manifestFile, writeComponentTar } from "./component-tar.ts";
import { type ComponentDefinition, type PackageDefinition, WrittenDefinition } from "./definition.ts";
import { refuseUnsupported } from "./features.ts";
import { manifestPath } from "./package.ts";
import { isSafeName } from "./path-rules.ts";

const manifestLimitBytes = 16 << 20;

export interface BuildOptions {
  readonly signal: AbortSignal;
  /** For packages that do not say it themselves; default amd64. Components for others are left out, as Zarf does. */
  readonly architecture?: "amd64" | "arm64";
}

/**
 * Builds a package from a folder with a `zarf.yaml`: manifests are read, rendered once with the variables' defaults, and packed.
 * Nothing is fetched. Same folder, same bytes.
 *
 * @throws OperatorError DOCUMENT_INVALID, FILE_UNREADABLE, PACKAGE_FEATURE_UNSUPPORTED, PACKAGE_IMAGE_UNLISTED, PACKAGE_INVALID
 */
export async function buildPackage(folder: string, options: BuildOptions): Promise<BuiltPackage> {
  const file = path.join(folder, "zarf.yaml");
  const text = await readText(file, options.signal);
  const written = parseYamlDocument(text, { file, schema: WrittenDefinition });
  refuseUnsupported(written.value, { where: written.where, more: whileCreating(written.value, text, file) });
  checkNames(written, file);

  const architecture = written.value.metadata.architecture ?? options.architecture ?? "amd64";
  const components = written.value.components.filter(({ only }) =>
    [undefined, "", architecture].includes(only?.cluster?.architecture),
  );
  const definition: PackageDefinition = {
    ...written.value,
    metadata: { ...written.value.metadata, architecture },
    components,
  };
  if (components.length === 0)
    throw documentInvalid(file, [{ message: `has no component for ${architecture}`, where: { file } }]);

  const manifests = new Map<string, string>();
  const componentTars = new Map<string, Uint8Array>();
  for (const component of components) {
    const files = await readManifests(folder, component, options.signal);
    for (const [name, content] of files) manifests.set(manifestPath(component.name, name), content.toString("utf8"));
    if (files.size > 0) componentTars.set(component.name, writeComponentTar(component.name, files));
  }
  renderPackage({ definition, manifests }, { variables: {}, components: "all" });
  return assemblePackage({ definition, componentTars });
}

/** The component's manifest files by their stored names. */
async function readManifests(
  folder: string,
  component: ComponentDefinition,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const manifest of component.manifests)
    for (const [index, file] of manifest.files.entries())
      files.set(manifestFile(manifest.name, index), Buffer.from(await readText(path.resolve(folder, file), signal)));
  return files;
}

async function readText(file: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  try {
    const { size } = await stat(file);
    if (size > manifestLimitBytes) throw new OperatorError("FILE_UNREADABLE", `${file} is larger than 16 MiB`);
    return await readFile(file, { encoding: "utf8", signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OperatorError) throw error;
    throw new OperatorError("FILE_UNREADABLE", `${file} cannot be read`, { where: { file }, cause: error });
  }
}

/** Features that matter only while a package is created: afterwards their result is in the package. */
function whileCreating(definition: PackageDefinition, text: string, file: string): readonly Problem[] {
  const found: string[] = [];
  if (/###ZARF_(PKG_|COMPONENT_NAME)/.test(text)) found.push("create-time templates (###ZARF_PKG_…###)");
  if (Object.keys(definition.documentation).length > 0) found.push("documentation");
  for (const component of definition.components)
    for (const manifest of component.manifests)
      for (const name of manifest.files)
        if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) found.push(`manifest ${manifest.name} from a URL`);
  return found.map((feature) => ({ message: `the package uses ${feature}`, where: { file } }));
}

/** Rules between fields that a schema does not express. */
function checkNames({ value, where }: YamlDocument<PackageDefinition>, file: string): void {
  const problems: Problem[] = [];
  const report = (message: string, at: readonly (string | number)[]) =>
    problems.push({ message, where: { file: where(at) } });
  const { version } = value.metadata;
  if (version !== undefined && !isSafeName(version))
    report("version cannot be part of a path", ["metadata", "version"]);
  const components = new Map<string, string>();
  for (const [index, component] of value.components.entries()) {
    const at = ["components", index, "name"];
    const { name, only } = component;
    const target = `${name} ${only?.cluster?.architecture ?? ""}`;
    if (components.has(target)) report(`component ${name} is there twice`, at);
    components.set(target, name);
    if (component.required && component.default) report(`component ${name} is both required and default`, at);
    const seen = new Set<string>();
    for (const [number, manifest] of component.manifests.entries()) {
      const place = ["components", index, "manifests", number, "name"];
      if (seen.has(manifest.name)) report(`manifest ${manifest.name} is there twice`, place);
      seen.add(manifest.name);
      if (!isSafeName(manifest.name)) report(`${JSON.stringify(manifest.name)} cannot be part of a file name`, place);
      if (manifest.files.length === 0) report(`manifest ${manifest.name} has no files`, place);
    }
  }
  if (problems.length > 0) throw documentInvalid(file, problems);
}
