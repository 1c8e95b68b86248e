import { z } from "zod";
import { actionSchemas } from "./action-schemas.ts";
import type { ObjectMaker } from "./object-maker.ts";
import { applyMode, flag, lowerName, maybe, text, texts, variableName } from "./scalars.ts";

const listOf = <T extends z.ZodType>(item: T) => z.array(item).default([]);
const needed = z.string().min(1, "is empty");

function chartSchema(object: ObjectMaker) {
  return object({
    name: needed,
    version: text,
    url: text,
    repoName: text,
    gitPath: text,
    localPath: text,
    namespace: text,
    releaseName: text,
    noWait: flag,
    valuesFiles: texts,
    templatedValuesFiles: texts,
    variables: listOf(
      object({ name: variableName, description: z.string().default(""), path: z.string().default("") }),
    ),
    values: listOf(object({ sourcePath: z.string(), targetPath: z.string(), excludePaths: texts })),
    schemaValidation: maybe,
    serverSideApply: applyMode,
  });
}

function manifestSchema(object: ObjectMaker) {
  return object({
    name: needed,
    namespace: text,
    files: texts,
    kustomizeAllowAnyDirectory: flag,
    kustomizations: texts,
    enableKustomizePlugins: flag,
    noWait: flag,
    serverSideApply: applyMode,
    template: maybe,
  });
}

/** A component in v1alpha1. @see https://docs.zarf.dev/ref/components/ (Zarf v0.84.0) */
export function componentSchema(object: ObjectMaker) {
  return object({
    name: lowerName,
    description: text,
    default: flag,
    required: maybe,
    only: object({
      localOS: text,
      cluster: object({ architecture: text, distros: texts }).prefault({}),
      flavor: text,
    }).prefault({}),
    group: text,
    import: object({ name: text, path: text, url: text }).prefault({}),
    manifests: listOf(manifestSchema(object)),
    charts: listOf(chartSchema(object)),
    dataInjections: listOf(
      object({
        source: needed,
        target: object({ namespace: needed, selector: needed, container: needed, path: needed }),
        compress: flag,
      }),
    ),
    files: listOf(
      object({
        source: needed,
        shasum: text,
        target: needed,
        executable: flag,
        symlinks: texts,
        extractPath: text,
        template: maybe,
      }),
    ),
    images: listOf(needed),
    imageArchives: listOf(object({ path: needed, images: z.array(needed) })),
    repos: listOf(needed),
    ...actionSchemas(object),
    healthChecks: listOf(object({ apiVersion: needed, kind: needed, namespace: z.string().default(""), name: needed })),
    stateAccess: listOf(z.enum(["registryCredentials", "gitCredentials", "agentCerts"])),
    /** Gone since v0.40; kept so that an old package that lives by it is refused by name. */
    extensions: z.unknown().optional(),
  });
}
