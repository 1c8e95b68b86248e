import { z } from "zod";
import type { ObjectMaker } from "./object-maker.ts";
import { applyMode, flag, lowerName, maybe, packageName, text, texts, whole } from "./scalars.ts";

const listOf = <T extends z.ZodType>(item: T) => z.array(item).default([]);
const needed = z.string().min(1, "is empty");
const textMap = z.record(z.string(), z.string()).default({});

function betaActions(object: ObjectMaker) {
  const Shell = object({ windows: text, linux: text, darwin: text });
  const Action = object({
    silent: maybe,
    maxTotalSeconds: whole,
    retries: whole,
    dir: z.string().optional(),
    env: texts,
    cmd: text,
    shell: Shell.optional(),
    setValues: listOf(object({ key: text, type: z.enum(["yaml", "json", "string"]).optional() })),
    description: text,
    wait: object({
      cluster: object({ kind: z.string(), name: z.string().default(""), namespace: text, condition: text }).optional(),
      network: object({ protocol: z.string(), address: z.string(), code: whole }).optional(),
    }).optional(),
    enableTemplating: flag,
  });
  const defaults = object({
    silent: flag,
    maxTotalSeconds: whole,
    retries: whole,
    dir: text,
    env: texts,
    shell: Shell.prefault({}),
  }).prefault({});
  const list = listOf(Action);
  const ActionSet = object({ defaults, before: list, onSuccess: list, onFailure: list }).prefault({});
  return object({ onCreate: ActionSet, onDeploy: ActionSet, onRemove: ActionSet }).prefault({});
}

function betaChart(object: ObjectMaker) {
  return object({
    name: needed,
    helmRepository: object({ name: text, url: needed, version: needed }).optional(),
    git: object({ url: needed, path: text, ref: gitRef(object).prefault({}) }).optional(),
    local: object({ path: needed }).optional(),
    oci: object({ url: needed, ref: object({ tag: text, digest: text }).prefault({}) }).optional(),
    namespace: text,
    releaseName: text,
    skipWait: flag,
    valuesFiles: listOf(object({ path: needed, enableTemplating: flag })),
    values: listOf(object({ sourcePath: z.string(), targetPath: z.string(), excludePaths: texts })),
    skipSchemaValidation: flag,
    serverSideApply: applyMode,
  });
}

const gitRef = (object: ObjectMaker) => object({ tag: text, branch: text, commit: text });

function betaComponent(object: ObjectMaker) {
  return object({
    name: lowerName,
    description: text,
    optional: flag,
    import: object({ local: listOf(object({ path: needed })), remote: listOf(object({ url: needed })) }).prefault({}),
    target: object({ os: text }).prefault({}),
    selector: object({ architecture: text, flavor: text }).prefault({}),
    manifests: listOf(
      object({
        name: needed,
        namespace: text,
        files: texts,
        kustomize: object({ files: texts, allowAnyDirectory: flag, enablePlugins: flag }).prefault({}),
        skipWait: flag,
        serverSideApply: applyMode,
        enableTemplating: flag,
      }),
    ),
    charts: listOf(betaChart(object)),
    files: listOf(
      object({
        source: needed,
        checksum: text,
        destination: needed,
        executable: flag,
        symlinks: texts,
        extractPath: text,
        enableTemplating: flag,
      }),
    ),
    images: listOf(object({ name: needed, source: z.enum(["registry", "daemon"]).optional() })),
    imageArchives: listOf(object({ path: needed, images: z.array(needed) })),
    repositories: listOf(object({ url: needed, ref: gitRef(object).optional() })),
    actions: betaActions(object),
    service: z.enum(["registry", "seed-registry", "injector", "agent", "git-server"]).optional(),
    stateAccess: listOf(z.enum(["registryCredentials", "gitCredentials", "agentCerts"])),
  });
}

/** A whole `zarf.yaml` in v1beta1, which Zarf v0.84.0 reads and turns into v1alpha1 before it does anything. */
export function betaSchema(object: ObjectMaker) {
  return object({
    apiVersion: z.literal("zarf.dev/v1beta1"),
    kind: z.enum(["ZarfPackageConfig"]).default("ZarfPackageConfig"),
    metadata: object({
      name: packageName,
      description: text,
      version: text,
      uncompressed: flag,
      architecture: text,
      annotations: textMap,
      preventNamespaceOverride: flag,
    }),
    build: object({
      hostname: text,
      user: text,
      timestamp: text,
      architecture: text,
      version: text,
      migrations: texts,
      registryOverrides: textMap,
      differential: flag,
      differentialPackageVersion: text,
      flavor: text,
      signed: maybe,
      versionRequirements: listOf(object({ version: z.string(), reason: text })),
      provenanceFiles: texts,
      aggregateChecksum: text,
    }).optional(),
    components: z.array(betaComponent(object)),
    values: object({ files: texts, schema: text }).prefault({}),
    documentation: textMap,
  });
}

type Beta = z.infer<ReturnType<typeof betaSchema>>;
export type BetaDefinition = Beta;
export type BetaComponent = Beta["components"][number];
export type BetaChart = BetaComponent["charts"][number];
export type BetaActionSet = BetaComponent["actions"]["onDeploy"];
