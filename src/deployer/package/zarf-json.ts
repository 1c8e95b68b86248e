import type { JsonValue } from "../../lib/json.ts";
import { emitYaml } from "../../lib/yaml/index.ts";
import { manifestFile } from "./component-tar.ts";
import type { ComponentDefinition, PackageDefinition } from "./definition.ts";
import { actionsJson, scriptsJson } from "./json/action-json.ts";
import { fields, type JsonObject, some } from "./json/go-fields.ts";

export type { JsonObject } from "./json/go-fields.ts";

/** Name of a manifest's file as the record has it, or as zarf.yaml does. */
type NameFile = (manifest: string, index: number, file: string) => string;

function componentJson(component: ComponentDefinition, nameFile: NameFile): JsonObject {
  const { only } = component;
  return fields({
    name: component.name,
    description: some(component.description),
    default: some(component.default),
    required: component.required,
    only: fields({
      localOS: some(only.localOS),
      cluster: fields({ architecture: some(only.cluster.architecture), distros: some(only.cluster.distros) }),
      flavor: some(only.flavor),
    }),
    group: some(component.group),
    import: fields({
      name: some(component.import.name),
      path: some(component.import.path),
      url: some(component.import.url),
    }),
    manifests: some(component.manifests.map((manifest) => manifestJson(manifest, nameFile))),
    charts: some(component.charts.map(chartJson)),
    dataInjections: some(
      component.dataInjections.map(({ source, target, compress }) =>
        fields({
          source,
          target: fields({
            namespace: target.namespace,
            selector: target.selector,
            container: target.container,
            path: target.path,
          }),
          compress: some(compress),
        }),
      ),
    ),
    files: some(component.files.map(fileJson)),
    images: some(component.images),
    imageArchives: some(component.imageArchives.map(({ path, images }) => fields({ path, images }))),
    repos: some(component.repos),
    scripts: scriptsJson(component.scripts),
    actions: actionsJson(component.actions),
    healthChecks: some(
      component.healthChecks.map(({ apiVersion, kind, namespace, name }) =>
        fields({ apiVersion, kind, namespace, name }),
      ),
    ),
    stateAccess: some(component.stateAccess),
  });
}

function manifestJson(manifest: ComponentDefinition["manifests"][number], nameFile: NameFile): JsonObject {
  return fields({
    name: manifest.name,
    namespace: some(manifest.namespace),
    files: some(manifest.files.map((file, index) => nameFile(manifest.name, index, file))),
    kustomizeAllowAnyDirectory: some(manifest.kustomizeAllowAnyDirectory),
    kustomizations: some(manifest.kustomizations),
    enableKustomizePlugins: some(manifest.enableKustomizePlugins),
    noWait: some(manifest.noWait),
    serverSideApply: some(manifest.serverSideApply),
    template: manifest.template,
  });
}

function chartJson(chart: ComponentDefinition["charts"][number]): JsonObject {
  return fields({
    name: chart.name,
    version: some(chart.version),
    url: some(chart.url),
    repoName: some(chart.repoName),
    gitPath: some(chart.gitPath),
    localPath: some(chart.localPath),
    namespace: some(chart.namespace),
    releaseName: some(chart.releaseName),
    noWait: some(chart.noWait),
    valuesFiles: some(chart.valuesFiles),
    templatedValuesFiles: some(chart.templatedValuesFiles),
    variables: some(chart.variables.map(({ name, description, path }) => fields({ name, description, path }))),
    values: some(
      chart.values.map(({ sourcePath, targetPath, excludePaths }) =>
        fields({ sourcePath, targetPath, excludePaths: some(excludePaths) }),
      ),
    ),
    schemaValidation: chart.schemaValidation,
    serverSideApply: some(chart.serverSideApply),
  });
}

function fileJson(file: ComponentDefinition["files"][number]): JsonObject {
  return fields({
    source: file.source,
    shasum: some(file.shasum),
    target: file.target,
    executable: some(file.executable),
    symlinks: some(file.symlinks),
    extractPath: some(file.extractPath),
    template: file.template,
  });
}

function metadataJson({ metadata }: PackageDefinition): JsonObject {
  return fields({
    name: metadata.name,
    description: some(metadata.description),
    version: some(metadata.version),
    url: some(metadata.url),
    image: some(metadata.image),
    uncompressed: some(metadata.uncompressed),
    architecture: some(metadata.architecture),
    yolo: some(metadata.yolo),
    authors: some(metadata.authors),
    documentation: some(metadata.documentation),
    source: some(metadata.source),
    vendor: some(metadata.vendor),
    aggregateChecksum: some(metadata.aggregateChecksum),
    annotations: some(metadata.annotations),
    allowNamespaceOverride: metadata.allowNamespaceOverride,
  });
}

function buildJson({ build }: PackageDefinition): JsonObject {
  return fields({
    terminal: some(build?.terminal),
    user: some(build?.user),
    architecture: build?.architecture ?? "",
    timestamp: build?.timestamp ?? "",
    version: build?.version ?? "",
    migrations: some(build?.migrations),
    registryOverrides: some(build?.registryOverrides),
    differential: some(build?.differential),
    differentialPackageVersion: some(build?.differentialPackageVersion),
    differentialMissing: some(build?.differentialMissing),
    flavor: some(build?.flavor),
    signed: build?.signed,
    versionRequirements: some(
      build?.versionRequirements.map(({ version, reason }) => fields({ version, reason: some(reason) })),
    ),
    provenanceFiles: some(build?.provenanceFiles),
  });
}

/**
 * The definition as Zarf puts it into JSON: the keys in the order of its Go structs, empty structs written out. It is the config
 * of a published package, and, with `files: "stored"`, the `data` of the package's record in the cluster.
 *
 * @param options.files - "written": names as in zarf.yaml; "stored": names as in the component's archive
 */
export function zarfJson(definition: PackageDefinition, options: { readonly files: "written" | "stored" }): JsonObject {
  const nameFile: NameFile = (manifest, index, file) =>
    options.files === "stored" ? manifestFile(manifest, index) : file;
  const { values } = definition;
  return fields({
    apiVersion: some(definition.apiVersion),
    kind: definition.kind,
    metadata: metadataJson(definition),
    build: buildJson(definition),
    components: definition.components.map((component) => componentJson(component, nameFile)),
    constants: some(
      definition.constants.map(({ name, value, description, autoIndent, pattern }) =>
        fields({ name, value, description: some(description), autoIndent: some(autoIndent), pattern: some(pattern) }),
      ),
    ),
    variables: some(
      definition.variables.map((variable) =>
        fields({
          name: variable.name,
          sensitive: some(variable.sensitive),
          autoIndent: some(variable.autoIndent),
          pattern: some(variable.pattern),
          type: some(variable.type),
          description: some(variable.description),
          default: some(variable.default),
          prompt: some(variable.prompt),
        }),
      ),
    ),
    values: fields({ files: some(values.files), schema: some(values.schema) }),
    documentation: some(definition.documentation),
  });
}

/** Without empty structs; what is empty on purpose (a value, a list of no components) stays. */
function pruned(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item) => pruned(item) ?? {});
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, pruned(item)] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The `zarf.yaml` of a built package. */
export function zarfYaml(definition: PackageDefinition): string {
  return emitYaml(pruned(zarfJson(definition, { files: "written" })));
}
