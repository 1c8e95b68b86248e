/** Reads values of documents whose shape is not known: what has another type counts as absent. */
export type Values = Readonly<Record<string, unknown>>;

export function mapping(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function texts(value: unknown): readonly string[] {
  return list(value).filter((item): item is string => typeof item === "string");
}

/** A mapping whose values are scalars, as text: labels, extra arguments. */
export function textMapping(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(mapping(value)).filter(([, item]) => item !== null && typeof item !== "object");
  return Object.fromEntries(entries.map(([key, item]) => [key, String(item)]));
}

/** Follows keys down: `at(config, "machine", "install", "disk")`. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => mapping(current)[key], value);
}
