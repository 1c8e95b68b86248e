import { emitYaml } from "../../lib/yaml/index.ts";
import type { ComponentDefinition, PackageDefinition } from "./definition.ts";
import { manifestFile } from "./stored-names.ts";
import { fields, type JsonObject, type Struct, structJson } from "./zarf-struct.ts";

// The structs of Zarf v0.84.0, their fields in its order. @see https://docs.zarf.dev/ref/packages/

const shell: Struct = { fields: fields("filled", "windows linux darwin") };
const setVariable: Struct = {
  fields: { ...fields("always", "name"), ...fields("filled", "sensitive autoIndent pattern type") },
};
const wait: Struct = {
  fields: {
    cluster: { said: { fields: { ...fields("always", "kind name"), ...fields("filled", "namespace condition") } } },
    network: { said: { fields: { ...fields("always", "protocol address"), ...fields("filled", "code") } } },
  },
};
const action: Struct = {
  fields: {
    ...fields("said", "mute maxTotalSeconds maxRetries dir"),
    ...fields("filled", "env cmd"),
    shell: { said: shell },
    ...fields("filled", "setVariable"),
    setVariables: { list: setVariable },
    setValues: {
      list: { fields: { ...fields("filled", "key"), ...fields("said", "value"), ...fields("filled", "type") } },
    },
    ...fields("filled", "description"),
    wait: { said: wait },
    ...fields("said", "template"),
  },
};
const actionSet: Struct = {
  fields: {
    defaults: { fields: { ...fields("filled", "mute maxTotalSeconds maxRetries dir env"), shell } },
    before: { list: action },
    after: { list: action },
    onSuccess: { list: action },
    onFailure: { list: action },
  },
};
const chart: Struct = {
  fields: {
    ...fields("always", "name"),
    ...fields("filled", "version url repoName gitPath localPath namespace releaseName noWait"),
    ...fields("filled", "valuesFiles templatedValuesFiles"),
    variables: { list: { fields: fields("always", "name description path") } },
    values: { list: { fields: { ...fields("always", "sourcePath targetPath"), ...fields("filled", "excludePaths") } } },
    ...fields("said", "schemaValidation"),
    ...fields("filled", "serverSideApply"),
  },
};
const manifest: Struct = {
  fields: {
    ...fields("always", "name"),
    ...fields("filled", "namespace files kustomizeAllowAnyDirectory kustomizations enableKustomizePlugins noWait"),
    ...fields("filled", "serverSideApply"),
    ...fields("said", "template"),
  },
};
const file: Struct = {
  fields: {
    ...fields("always", "source"),
    ...fields("filled", "shasum"),
    ...fields("always", "target"),
    ...fields("filled", "executable symlinks extractPath"),
    ...fields("said", "template"),
  },
};
const injection: Struct = {
  fields: {
    ...fields("always", "source"),
    target: { fields: fields("always", "namespace selector container path") },
    ...fields("filled", "compress"),
  },
};
const component: Struct = {
  fields: {
    ...fields("always", "name"),
    ...fields("filled", "description default"),
    ...fields("said", "required"),
    only: {
      fields: {
        ...fields("filled", "localOS"),
        cluster: { fields: fields("filled", "architecture distros") },
        ...fields("filled", "flavor"),
      },
    },
    ...fields("filled", "group"),
    import: { fields: fields("filled", "name path url") },
    manifests: { list: manifest },
    charts: { list: chart },
    dataInjections: { list: injection },
    files: { list: file },
    ...fields("filled", "images"),
    imageArchives: { list: { fields: fields("always", "path images") } },
    ...fields("filled", "repos"),
    scripts: { fields: fields("filled", "showOutput timeoutSeconds retry prepare before after") },
    actions: { fields: { onCreate: actionSet, onDeploy: actionSet, onRemove: actionSet } },
    healthChecks: { list: { fields: fields("always", "apiVersion kind namespace name") } },
    ...fields("filled", "stateAccess"),
  },
};
const whole: Struct = {
  fields: {
    ...fields("filled", "apiVersion"),
    ...fields("always", "kind"),
    metadata: {
      fields: {
        ...fields("always", "name"),
        ...fields("filled", "description version url image uncompressed architecture yolo authors documentation"),
        ...fields("filled", "source vendor aggregateChecksum annotations"),
        ...fields("said", "allowNamespaceOverride"),
      },
    },
    build: {
      fields: {
        ...fields("filled", "terminal user"),
        ...fields("always", "architecture timestamp version"),
        ...fields("filled", "migrations registryOverrides differential differentialPackageVersion differentialMissing"),
        ...fields("filled", "flavor"),
        ...fields("said", "signed"),
        versionRequirements: { list: { fields: { ...fields("always", "version"), ...fields("filled", "reason") } } },
        ...fields("filled", "provenanceFiles"),
      },
    },
    components: { list: component },
    constants: {
      list: { fields: { ...fields("always", "name value"), ...fields("filled", "description autoIndent pattern") } },
    },
    variables: { list: { fields: { ...setVariable.fields, ...fields("filled", "description default prompt") } } },
    values: { fields: fields("filled", "files schema") },
    ...fields("filled", "documentation"),
  },
};

/**
 * The definition as Zarf puts it into JSON: the keys in the order of its Go structs, empty structs written out. It is the config
 * of a published package, and, with `files: "stored"`, the `data` of the package's record in the cluster.
 *
 * @param options.files - "written": names as in zarf.yaml; "stored": names as in the component's archive
 */
export function zarfJson(definition: PackageDefinition, options: { readonly files: "written" | "stored" }): JsonObject {
  const { components } = definition;
  const named = options.files === "stored" ? components.map(withStoredNames) : components;
  return structJson(whole, { ...definition, components: named } as unknown as JsonObject);
}

function withStoredNames(one: ComponentDefinition): ComponentDefinition {
  const manifests = one.manifests.map((item) => ({
    ...item,
    files: item.files.map((_, index) => manifestFile(item.name, index)),
  }));
  return { ...one, manifests };
}

/** Without empty structs; falsehoods and lists stay. */
function pruned(value: JsonObject[string]): JsonObject[string] {
  if (Array.isArray(value)) return (value as readonly JsonObject[string][]).map((item) => pruned(item) ?? {});
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
