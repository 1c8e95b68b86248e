import { z } from "zod";

/** RFC 6902, for the few configs that Talos lets it touch: those of a single document. */
export const jsonPatch = z.array(
  z.discriminatedUnion("op", [
    z.object({ op: z.literal("add"), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal("replace"), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal("test"), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal("remove"), path: z.string() }),
    z.object({ op: z.literal("move"), path: z.string(), from: z.string() }),
    z.object({ op: z.literal("copy"), path: z.string(), from: z.string() }),
  ]),
);

export type JsonPatch = z.infer<typeof jsonPatch>;

/** Told when an operation cannot be done: which one, and why. */
export class JsonPatchRefused extends Error {
  readonly operation: number;

  constructor(operation: number, reason: string) {
    super(reason);
    this.name = "JsonPatchRefused";
    this.operation = operation;
  }
}

/**
 * Applies all operations to a copy of `value`, or none.
 *
 * @throws JsonPatchRefused
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export function applyJsonPatch(value: unknown, patch: JsonPatch): unknown {
  const root = { document: structuredClone(value) };
  for (const [index, operation] of patch.entries()) {
    const refuse = (reason: string): never => {
      throw new JsonPatchRefused(index, reason);
    };
    const at = (pointer: string): Place => find(root, pointer, refuse);
    if (operation.op === "add") insert(at(operation.path), structuredClone(operation.value), refuse);
    else if (operation.op === "remove") remove(at(operation.path), refuse);
    else if (operation.op === "copy")
      insert(at(operation.path), structuredClone(read(at(operation.from), refuse)), refuse);
    else if (operation.op === "move") {
      if (operation.path.startsWith(`${operation.from}/`)) refuse("a value cannot move into itself");
      const moved = read(at(operation.from), refuse);
      remove(at(operation.from), refuse);
      insert(at(operation.path), moved, refuse);
    } else if (operation.op === "replace") {
      read(at(operation.path), refuse);
      put(at(operation.path), structuredClone(operation.value));
    } else if (!isEqual(read(at(operation.path), refuse), operation.value))
      refuse(`${operation.path} has another value`);
  }
  return root.document;
}

type Refuse = (reason: string) => never;

interface Place {
  readonly parent: Record<string, unknown> | unknown[];
  readonly key: string;
  readonly pointer: string;
}

/** The parent of what a JSON pointer names. RFC 6901. */
function find(root: { document: unknown }, pointer: string, refuse: Refuse): Place {
  if (pointer === "") return { parent: root, key: "document", pointer };
  if (!pointer.startsWith("/")) refuse(`${pointer} is not a JSON pointer`);
  const segments = pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  let parent: unknown = root.document;
  for (const segment of segments.slice(0, -1)) {
    parent = Array.isArray(parent) ? parent[indexOf(segment)] : isObject(parent) ? own(parent, segment) : undefined;
  }
  if (!isObject(parent) && !Array.isArray(parent)) return refuse(`${pointer} leads nowhere`);
  return { parent, key: segments.at(-1) ?? "", pointer };
}

function read({ parent, key, pointer }: Place, refuse: Refuse): unknown {
  const value = Array.isArray(parent) ? parent[indexOf(key)] : own(parent, key);
  return value === undefined ? refuse(`there is nothing at ${pointer}`) : value;
}

function insert(place: Place, value: unknown, refuse: Refuse): void {
  const { parent, key, pointer } = place;
  if (!Array.isArray(parent)) {
    put(place, value);
    return;
  }
  const index = key === "-" ? parent.length : indexOf(key);
  if (!(index >= 0 && index <= parent.length)) refuse(`${pointer} is outside its list`);
  parent.splice(index, 0, value);
}

function put({ parent, key }: Place, value: unknown): void {
  if (Array.isArray(parent)) parent[indexOf(key)] = value;
  // Not plain assignment: `__proto__` must become a key like any other.
  else Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove(place: Place, refuse: Refuse): void {
  read(place, refuse);
  if (Array.isArray(place.parent)) place.parent.splice(indexOf(place.key), 1);
  else delete place.parent[place.key];
}

function indexOf(segment: string): number {
  return /^(0|[1-9]\d*)$/.test(segment) ? Number(segment) : -1;
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
    );
  }
  return a === b;
}
