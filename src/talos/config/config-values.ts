import { parseYamlDocuments } from "../../lib/yaml/index.ts";

export type ConfigValue = Readonly<Record<string, unknown>>;

/** The documents of a config as plain values, for reading; see config-text.ts for changing one. */
export function readConfigValues(configYaml: string): readonly ConfigValue[] {
  return parseYamlDocuments(configYaml, { version: "1.2", file: "machine config" }).filter(isMapping);
}

export function isMapping(value: unknown): value is ConfigValue {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a dotted path; undefined when something on the way is missing. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((at, key) => (isMapping(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

export function textsAt(value: unknown, path: string): readonly string[] {
  return listAt(value, path).filter((item): item is string => typeof item === "string");
}

/** Every text in a value with its path, `a.b.0.c`. */
export function* textsIn(value: unknown, path = ""): Generator<{ readonly path: string; readonly text: string }> {
  if (typeof value === "string") yield { path, text: value };
  else if (Array.isArray(value) || isMapping(value)) {
    for (const [key, child] of Object.entries(value)) yield* textsIn(child, path === "" ? key : `${path}.${key}`);
  }
}

/** The document of a kind (empty: the one without) and its siblings of the same kind. */
export function ofKind(documents: readonly ConfigValue[], kind: string): readonly ConfigValue[] {
  return documents.filter((document) => (document["kind"] ?? "") === kind);
}
