import { z } from "zod";
import { componentSchema } from "./component-schema.ts";
import type { ObjectMaker } from "./object-maker.ts";
import { flag, maybe, packageName, text, texts, variableName, variableType } from "./scalars.ts";

const textMap = z.record(z.string(), z.string()).default({});

function metadataSchema(object: ObjectMaker) {
  return object({
    name: packageName,
    description: text,
    version: text,
    url: text,
    image: text,
    uncompressed: flag,
    architecture: text,
    yolo: flag,
    authors: text,
    documentation: text,
    source: text,
    vendor: text,
    aggregateChecksum: text,
    annotations: textMap,
    allowNamespaceOverride: maybe,
  });
}

function buildSchema(object: ObjectMaker) {
  return object({
    terminal: text,
    user: text,
    architecture: text,
    timestamp: text,
    version: text,
    migrations: texts,
    registryOverrides: textMap,
    differential: flag,
    differentialPackageVersion: text,
    differentialMissing: texts,
    flavor: text,
    signed: maybe,
    versionRequirements: z.array(object({ version: z.string(), reason: text })).default([]),
    provenanceFiles: texts,
  });
}

/** A whole `zarf.yaml` in v1alpha1. @see https://docs.zarf.dev/ref/packages/ (Zarf v0.84.0) */
export function packageSchema(object: ObjectMaker) {
  return object({
    apiVersion: z.literal(["zarf.dev/v1alpha1", ""]).optional(),
    kind: z.enum(["ZarfPackageConfig", "ZarfInitConfig"]).default("ZarfPackageConfig"),
    metadata: metadataSchema(object),
    build: buildSchema(object).optional(),
    components: z.array(componentSchema(object)),
    constants: z
      .array(object({ name: variableName, value: z.string(), description: text, autoIndent: flag, pattern: text }))
      .default([]),
    variables: z
      .array(
        object({
          name: variableName,
          sensitive: flag,
          autoIndent: flag,
          pattern: text,
          type: variableType,
          description: text,
          default: text,
          prompt: flag,
        }),
      )
      .default([]),
    values: object({ files: texts, schema: text }).prefault({}),
    documentation: textMap,
  });
}
