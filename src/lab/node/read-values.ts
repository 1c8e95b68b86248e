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

/** Extra arguments, each a scalar or a list of them: one flag per value. */
export function argumentMapping(value: unknown): Readonly<Record<string, readonly string[]>> {
  const values = (item: unknown) => (Array.isArray(item) ? list(item) : [item]);
  const isScalar = (item: unknown) => item !== null && item !== undefined && typeof item !== "object";
  return Object.fromEntries(
    Object.entries(mapping(value))
      .filter(([, item]) => values(item).every(isScalar))
      .map(([name, item]) => [name, values(item).map(String)]),
  );
}

/**
 * Command line arguments from those that Talos sets and those of the config, which replace them by name.
 *
 * @returns `--name=value`, once for each value
 */
export function argumentLine(
  own: Readonly<Record<string, string>>,
  extra: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const ownValues = Object.entries(own).map(([name, value]) => [name, [value]] as const);
  return Object.entries({ ...Object.fromEntries(ownValues), ...extra }).flatMap(([name, values]) =>
    values.map((value) => `--${name}=${value}`),
  );
}

/** Follows keys down: `at(config, "machine", "install", "disk")`. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => mapping(current)[key], value);
}
