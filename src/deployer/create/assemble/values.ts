import { readFile } from "node:fs/promises";
import path from "node:path";
import { Ajv } from "ajv";
import { stringify } from "yaml";
import { OperatorError } from "../../../lib/errors/index.ts";
import { readTextFile } from "../../../lib/files.ts";
import { parseYamlDocuments } from "../../../lib/yaml/index.ts";
import type { LoadedPackage } from "../source/load-package.ts";
import { isUrl } from "../source/paths.ts";
import { mergeSchemas, mergeValues, type SchemaObject } from "./merge-values.ts";
import { bytesLayer, type PackageLayer } from "./package-layer.ts";

const limitBytes = 16 << 20;

/**
 * `values.yaml`: the values files merged, later ones over earlier ones, keys sorted; and `values.schema.json`: the schemas merged,
 * the package's own before imported ones. Values that are there must fit the schema; what is missing may come at deployment.
 *
 * @throws OperatorError DOCUMENT_INVALID, FILE_UNREADABLE, PACKAGE_INVALID
 */
export async function valuesLayers(loaded: LoadedPackage): Promise<readonly PackageLayer[]> {
  const { files, schema } = loaded.definition.values;
  const values = await readValues(files, loaded.folder);
  const schemas = [...(schema === undefined ? [] : [schema]), ...loaded.importedSchemas];
  const read = await Promise.all(schemas.map(async (file) => await readSchema(path.resolve(loaded.folder, file))));
  const [only] = read;
  const merged = read
    .map(({ value }) => value)
    .reduce<SchemaObject | undefined>(
      (parent, child) => (parent === undefined ? child : mergeSchemas(parent, child)),
      undefined,
    );
  if (values !== undefined && merged !== undefined) checkValues(values, merged, files.join(", "));
  const schemaBytes =
    read.length === 1 && only !== undefined
      ? only.bytes
      : Buffer.from(JSON.stringify(sorted(merged ?? {}), undefined, 2));
  return [
    ...(merged === undefined ? [] : [bytesLayer("values.schema.json", schemaBytes)]),
    ...(values === undefined ? [] : [bytesLayer("values.yaml", Buffer.from(goYaml(sorted(values))))]),
  ];
}

async function readValues(files: readonly string[], folder: string): Promise<Record<string, unknown> | undefined> {
  let values: Record<string, unknown> | undefined;
  for (const file of files) {
    if (isUrl(file))
      throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `values file ${file} is a URL; name a local file`);
    const place = path.resolve(folder, file);
    const text = await readTextFile(place, { sizeLimitBytes: limitBytes });
    const [found = {}] = parseYamlDocuments(text, { version: "1.2", file: place });
    if (typeof found !== "object" || found === null || Array.isArray(found))
      throw new OperatorError("PACKAGE_INVALID", `${place} is not a map of values`, { where: { file: place } });
    values = mergeValues(values ?? {}, found as Record<string, unknown>);
  }
  return values;
}

async function readSchema(file: string): Promise<{ readonly bytes: Buffer; readonly value: SchemaObject }> {
  const text = await readTextFile(file, { sizeLimitBytes: limitBytes });
  const refuse = (reason: string, cause?: unknown) =>
    new OperatorError("PACKAGE_INVALID", `${file} is not a schema for package values: ${reason}`, {
      where: { file },
      next: ["correct the schema that values.schema of zarf.yaml names"],
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse("it is not JSON", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("it is not an object");
  if (hasReference(value)) throw refuse("it uses $ref, which other readers of packages refuse");
  try {
    validator(value as SchemaObject);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : "it cannot be used", error);
  }
  return { bytes: await readFile(file), value: value as SchemaObject };
}

const hasReference = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).some(([key, item]) => key === "$ref" || hasReference(item));

function validator(schema: SchemaObject) {
  // The version of the schema language is named in many spellings; all are read as draft 7.
  const { $schema: _, $id: __, ...plain } = schema;
  return new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(plain);
}

function checkValues(values: Record<string, unknown>, schema: SchemaObject, files: string): void {
  const validate = validator(schema);
  if (validate(values)) return;
  const wrong = (validate.errors ?? []).filter(({ keyword }) => keyword !== "required");
  if (wrong.length === 0) return;
  const problems = wrong.map(({ instancePath, message }) => ({
    message: `${instancePath === "" ? "the values" : instancePath.slice(1).replaceAll("/", ".")} ${message ?? "are wrong"}`,
  }));
  throw new OperatorError("PACKAGE_INVALID", `${files}: the package's values do not fit its schema`, {
    problems,
    next: ["correct the values files or the schema"],
  });
}

/** As Go writes it, lists not indented; strings that YAML 1.1 readers would take for something else are quoted. */
const goYaml = (value: unknown): string =>
  stringify(value, { compat: "yaml-1.1", aliasDuplicateObjects: false, lineWidth: 0, indentSeq: false });

/** Keys in the order of their letters, as Go writes maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
