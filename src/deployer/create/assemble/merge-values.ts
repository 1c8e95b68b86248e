export type SchemaObject = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Maps merge key by key, everything else is replaced by what comes later. */
export function mergeValues(
  earlier: Readonly<Record<string, unknown>>,
  later: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...earlier };
  for (const [key, value] of Object.entries(later)) {
    const known = merged[key];
    merged[key] = isMap(known) && isMap(value) ? mergeValues(known, value) : value;
  }
  return merged;
}

/** Words of a schema whose value is a map of schemas. */
const maps = new Set(["properties", "definitions", "$defs", "patternProperties", "dependentSchemas"]);

/** One schema over another: properties merge, what both require is required, else the parent's word stands. */
export function mergeSchemas(parent: SchemaObject, child: SchemaObject): SchemaObject {
  const merged: Record<string, unknown> = { ...child, ...parent };
  for (const [key, value] of Object.entries(child)) {
    const known = parent[key];
    if (key === "required" && Array.isArray(known) && Array.isArray(value))
      merged[key] = [...new Set([...(known as readonly unknown[]), ...(value as readonly unknown[])])];
    else if (maps.has(key) && isMap(known) && isMap(value)) merged[key] = mergeMaps(known, value);
  }
  return merged;
}

function mergeMaps(parent: SchemaObject, child: SchemaObject): SchemaObject {
  const merged: Record<string, unknown> = { ...child, ...parent };
  for (const [key, value] of Object.entries(child)) {
    const known = parent[key];
    if (isMap(known) && isMap(value)) merged[key] = mergeSchemas(known, value);
  }
  return merged;
}
