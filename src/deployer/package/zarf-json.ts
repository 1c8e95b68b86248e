import type { JsonValue } from "../../lib/json.ts";
import { emitYaml } from "../../lib/yaml/index.ts";
import { manifestFile } from "./component-tar.ts";
import type { ComponentDefinition, PackageDefinition } from "./definition.ts";

type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** Leaves out what Go's `omitempty` leaves out: absent, empty text, false, empty lists. */
function filled(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([, value]) =>
        value !== undefined && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

const noActions: JsonObject = { defaults: { shell: {} } };

function componentJson(
  component: ComponentDefinition,
  nameFile: (manifest: string, index: number, file: string) => string,
): JsonObject {
  const { name, description, required, only } = component;
  return {
    ...filled({ name, description, default: component.default, required }),
    only: { cluster: filled({ architecture: only?.cluster?.architecture }) },
    import: {},
    ...filled({
      manifests: component.manifests.map((manifest) =>
        filled({
          name: manifest.name,
          // Zarf leaves the default out of what it records.
          namespace: manifest.namespace === "default" ? "" : manifest.namespace,
          files: manifest.files.map((file, index) => nameFile(manifest.name, index, file)),
          noWait: manifest.noWait,
          serverSideApply: typeof manifest.serverSideApply === "string" ? manifest.serverSideApply : "",
        }),
      ),
      images: component.images,
    }),
    scripts: {},
    actions: { onCreate: noActions, onDeploy: noActions, onRemove: noActions },
  };
}

/**
 * The definition as Zarf puts it into JSON: the keys in the order of its Go structs, empty structs written out. It is the config
 * of a published package, and, with `files: "stored"`, the `data` of the package's record in the cluster.
 *
 * @param options.files - "written": names as in zarf.yaml; "stored": names as in the component's archive
 */
export function zarfJson(definition: PackageDefinition, options: { readonly files: "written" | "stored" }): JsonObject {
  const { metadata, build } = definition;
  const nameFile = (manifest: string, index: number, file: string) =>
    options.files === "stored" ? manifestFile(manifest, index) : file;
  return {
    apiVersion: definition.apiVersion,
    kind: definition.kind,
    metadata: {
      ...filled({
        name: metadata.name,
        description: metadata.description,
        version: metadata.version,
        url: metadata.url,
        image: metadata.image,
        uncompressed: metadata.uncompressed,
        architecture: metadata.architecture,
        authors: metadata.authors,
        documentation: metadata.documentation,
        source: metadata.source,
        vendor: metadata.vendor,
        aggregateChecksum: metadata.aggregateChecksum,
        annotations: metadata.annotations,
      }),
      // Absent means allowed, so a false is said.
      ...(metadata.allowNamespaceOverride === undefined
        ? {}
        : { allowNamespaceOverride: metadata.allowNamespaceOverride }),
    },
    build: {
      ...filled({
        architecture: build?.architecture ?? "",
        timestamp: build?.timestamp ?? "",
        version: build?.version ?? "",
        flavor: build?.flavor,
      }),
      signed: build?.signed ?? false,
      ...filled({
        versionRequirements: (build?.versionRequirements ?? []).map(({ version, reason }) =>
          filled({ version, reason }),
        ),
        provenanceFiles: build?.provenanceFiles ?? [],
      }),
    },
    components: definition.components.map((component) => componentJson(component, nameFile)),
    ...filled({
      constants: definition.constants.map(({ name, value, description, autoIndent, pattern }) => ({
        name,
        value,
        ...filled({ description, autoIndent, pattern }),
      })),
      variables: definition.variables.map((variable) =>
        filled({
          name: variable.name,
          sensitive: variable.sensitive,
          autoIndent: variable.autoIndent,
          pattern: variable.pattern,
          description: variable.description,
          default: variable.default,
          prompt: variable.prompt === true,
        }),
      ),
    }),
    values: {},
  };
}

/** Without empty structs and lists; falsehoods stay. */
function pruned(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, pruned(item)] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The `zarf.yaml` of a built package. */
export function zarfYaml(definition: PackageDefinition): string {
  return emitYaml(pruned(zarfJson(definition, { files: "written" })));
}
