import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import type { JsonValue } from "../../lib/json.ts";
import { parseYamlDocuments } from "../../lib/yaml/index.ts";
import type { JsonObject } from "../charts/engine/index.ts";
import { mergeValues, setAt } from "./value-path.ts";

export interface ValuesSources {
  /** The package's own `values.yaml`; undefined where it has none. */
  readonly packageYaml: string | undefined;
  /** Values files, later ones over earlier ones. */
  readonly files: readonly { readonly name: string; readonly yaml: string }[];
  /** `--set-values app.name=x`, by path. */
  readonly assignments: Readonly<Record<string, string>>;
}

/**
 * The values that a package starts with: its own, under the files, under the assignments.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID
 */
export function packageValues({ packageYaml, files, assignments }: ValuesSources): JsonObject {
  const own = packageYaml === undefined ? {} : parseValues(packageYaml, "values.yaml");
  const filed = files.reduce((values, { name, yaml }) => mergeValues(values, parseValues(yaml, name)), own);
  return Object.entries(assignments).reduce(
    (values, [path, text]) => setAt(values, path.startsWith(".") ? path : `.${path}`, inferredValue(text)),
    filed,
  );
}

/**
 * One values file: a map; an empty file is an empty one.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID for broken YAML, anything but a map, and numbers that JSON cannot carry
 */
export function parseValues(yaml: string, file: string): JsonObject {
  const refuse = (reason: string, cause?: unknown) =>
    new OperatorError("PACKAGE_VALUES_INVALID", `${file} holds no package values: ${reason}`, {
      where: isOperatorError(cause) && cause.where.file !== undefined ? cause.where : { file },
      problems: isOperatorError(cause) ? cause.problems : [],
      next: [`correct ${file}`],
      cause,
    });
  let documents: readonly unknown[];
  try {
    documents = parseYamlDocuments(yaml, { version: "1.2", file, exactIntegers: true });
  } catch (error) {
    throw refuse(isOperatorError(error) ? error.message : "it is not YAML", error);
  }
  const [found = {}] = documents;
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw refuse("it is not a map");
  return asJson(found, (where, reason) => refuse(`${where} ${reason}`)) as JsonObject;
}

/**
 * The value that `--set-values` means: `true` and `false` in any case, whole numbers without a leading zero, else text; single
 * quotes around it make it text.
 */
export function inferredValue(text: string): JsonValue {
  if (text.length >= 2 && text.startsWith("'") && text.endsWith("'")) return text.slice(1, -1);
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  const number = /^(?:0|[+-]?[1-9][0-9]*|[+-]0+[0-9]*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number + 0 : text;
}

/** What YAML can say and JSON cannot is an error, so that nothing changes on its way. */
export function asJson(
  value: unknown,
  refuse: (where: string, reason: string) => Error,
  where = "the root",
): JsonValue {
  const below = (key: string): string => (where === "the root" ? key : `${where}.${key}`);
  if (Array.isArray(value)) return value.map((item, index) => asJson(item, refuse, below(String(index))));
  switch (typeof value) {
    case "bigint": {
      const number = Number(value);
      if (!Number.isSafeInteger(number))
        throw refuse(where, "is a whole number too long to be exact; write it in quotes");
      return number;
    }
    case "number":
      if (!Number.isFinite(value)) throw refuse(where, "is not a finite number");
      return value;
    case "string":
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item, refuse, below(key))]));
    default:
      throw refuse(where, "is nothing that JSON has");
  }
}

/**
 * What an action printed, as the value it is to be.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID, without the output
 */
export function parseOutput(output: string, type: "yaml" | "json" | "string"): JsonValue {
  if (type === "string") return output;
  // Without its cause, which may quote the output.
  const refuse = (reason: string) =>
    new OperatorError("PACKAGE_VALUES_INVALID", `the output of the command ${reason}`, {
      next: ["look at what the command prints"],
    });
  let found: unknown;
  try {
    found = type === "json" ? JSON.parse(output) : (parseYamlDocuments(output, yamlOutput)[0] ?? null);
  } catch {
    throw refuse(`is not ${type === "json" ? "JSON" : "YAML"}`);
  }
  return asJson(found, (where, reason) => refuse(`cannot be kept: ${where} ${reason}`));
}

const yamlOutput = { version: "1.2", file: "output", exactIntegers: true } as const;
