import { z } from "zod";

/**
 * A package's definition, `zarf.yaml` in version v1alpha1, as far as its parts are carried out here. Parts that are not are kept
 * as they are (`unknown`), so that they can be refused by name.
 *
 * @see https://docs.zarf.dev/ref/packages/ (Zarf v0.84.0)
 */
const packageName = z
  .string()
  .max(63, "is longer than the 63 letters of a label")
  .regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and dashes");
const variableName = z.string().regex(/^[A-Z0-9_]+$/, "variable names are upper case");
const anything = z.unknown().optional();

/** The same keys twice: strict for what a person writes here, lenient for packages that others built. */
function schemaOf(object: typeof z.object) {
  const Manifest = object({
    name: z.string().min(1).max(40, "is longer than 40 letters"),
    namespace: z.string().min(1).default("default"),
    files: z.array(z.string().min(1)).default([]),
    noWait: z.boolean().default(false),
    kustomizations: anything,
    kustomizeAllowAnyDirectory: anything,
    enableKustomizePlugins: anything,
    serverSideApply: anything,
    template: anything,
  });
  const Component = object({
    name: packageName,
    description: z.string().optional(),
    default: z.boolean().default(false),
    required: z.boolean().default(false),
    only: object({
      localOS: anything,
      cluster: object({ architecture: z.string().optional(), distros: anything }).optional(),
      flavor: anything,
    }).optional(),
    group: anything,
    import: anything,
    manifests: z.array(Manifest).default([]),
    charts: anything,
    dataInjections: anything,
    files: anything,
    images: z.array(z.string().min(1)).default([]),
    imageArchives: anything,
    repos: anything,
    scripts: anything,
    actions: anything,
    healthChecks: anything,
    stateAccess: anything,
    extensions: anything,
  });
  const Common = {
    description: z.string().optional(),
    pattern: z.string().optional(),
    autoIndent: z.boolean().default(false),
  };
  return object({
    apiVersion: z.literal("zarf.dev/v1alpha1").default("zarf.dev/v1alpha1"),
    kind: z.string().default("ZarfPackageConfig"),
    metadata: object({
      name: packageName,
      description: z.string().optional(),
      version: z.string().optional(),
      url: z.string().optional(),
      image: z.string().optional(),
      uncompressed: z.boolean().optional(),
      architecture: z.string().optional(),
      yolo: anything,
      authors: z.string().optional(),
      documentation: z.string().optional(),
      source: z.string().optional(),
      vendor: z.string().optional(),
      aggregateChecksum: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
      allowNamespaceOverride: z.boolean().optional(),
    }),
    build: object({
      architecture: z.string().optional(),
      timestamp: z.string().optional(),
      version: z.string().optional(),
      differential: anything,
      flavor: z.string().optional(),
      signed: z.boolean().optional(),
      versionRequirements: z.array(object({ version: z.string(), reason: z.string().optional() })).optional(),
      provenanceFiles: z.array(z.string()).optional(),
      // The rest says how it was made and changes nothing here.
      terminal: anything,
      user: anything,
      migrations: anything,
      registryOverrides: anything,
      differentialPackageVersion: anything,
      differentialMissing: anything,
    }).optional(),
    components: z.array(Component),
    constants: z.array(object({ name: variableName, value: z.string(), ...Common })).default([]),
    variables: z
      .array(
        object({
          name: variableName,
          default: z.string().optional(),
          prompt: anything,
          sensitive: z.boolean().default(false),
          type: z.string().default("raw"),
          ...Common,
        }),
      )
      .default([]),
    values: anything,
    documentation: anything,
  });
}

/** For packages that others built: what is not known is left out of account. */
export const BuiltDefinition = schemaOf(z.object);
/** For a `zarf.yaml` that a person writes: an unknown key is an error. Its shape is that of the lenient one. */
export const WrittenDefinition = schemaOf(z.strictObject as unknown as typeof z.object);

export type PackageDefinition = z.infer<typeof BuiltDefinition>;
export type ComponentDefinition = PackageDefinition["components"][number];
