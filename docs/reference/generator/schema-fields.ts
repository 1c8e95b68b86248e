import type { JsonValue } from "../../../src/lib/json.ts";
import { asSchema, isArray, type JsonSchema } from "./editor-schema.ts";

/** One field of a document, as the page shows it. */
export interface Field {
  /** `nodes[].disk.serial` */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly default?: JsonValue;
  /** Empty where the schema says nothing. */
  readonly description: string;
  /** Regular expression that the text must match; left out where the type says it. */
  readonly pattern?: string;
  /** Whether it holds fields of its own, which follow it. */
  readonly isSection: boolean;
  readonly isFixed: boolean;
}

/** Every field of a draft-7 schema as zod writes them, parents before children, in the order of the document. */
export function fieldsOf(schema: JsonSchema, prefix = ""): readonly Field[] {
  const required = isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(asSchema(schema["properties"] ?? {})).flatMap(([name, value]) => {
    const field = asSchema(value);
    const path = `${prefix}${name}`;
    const inner = innerOf(field, path);
    return [describe(field, path, required.includes(name), inner.length > 0), ...inner];
  });
}

function innerOf(field: JsonSchema, path: string): readonly Field[] {
  if (field["properties"] !== undefined) return fieldsOf(field, `${path}.`);
  if (field["items"] !== undefined) return innerOf(asSchema(field["items"]), `${path}[]`);
  return [];
}

function describe(field: JsonSchema, path: string, isRequired: boolean, isSection: boolean): Field {
  const leaf = field["items"] === undefined ? field : asSchema(field["items"]);
  const pattern = leaf["pattern"];
  return {
    path,
    type: typeOf(field),
    isRequired,
    description: typeof field["description"] === "string" ? field["description"] : "",
    isSection,
    isFixed: field["const"] !== undefined,
    ...(field["default"] === undefined ? {} : { default: field["default"] }),
    ...(typeof pattern === "string" ? { pattern } : {}),
  };
}

/** "list of IP addresses" in the words of the reader, who is not asked to know JSON Schema. */
function typeOf(field: JsonSchema, plural = false): string {
  const s = plural ? "s" : "";
  if (field["const"] !== undefined) return JSON.stringify(field["const"]);
  if (isArray(field["enum"])) return field["enum"].map((each) => JSON.stringify(each)).join(" or ");
  if (isArray(field["anyOf"])) return unionType(field["anyOf"], plural);
  if (field["format"] === "uri") return `URL${s}`;
  switch (field["type"]) {
    case "string":
      return plural ? "texts" : "text";
    case "integer":
      return `integer${s}${range(field)}`;
    case "boolean":
      return `boolean${s}`;
    case "array":
      return `list${s} of ${typeOf(asSchema(field["items"]), true)}`;
    case "object":
      return field["properties"] === undefined ? `mapping${s} of names to texts` : `mapping${s}`;
    default:
      throw new Error(`no words for the JSON Schema ${JSON.stringify(field)}`);
  }
}

function range(field: JsonSchema): string {
  const { minimum, maximum } = field;
  return minimum === undefined || maximum === undefined ? "" : `, ${String(minimum)} to ${String(maximum)}`;
}

/** The two unions that sites use: an address or a subnet, of either family. */
function unionType(parts: readonly JsonValue[], plural: boolean): string {
  const formats = parts.map((part) => asSchema(part)["format"]);
  if (formats.join() === "ipv4,ipv6") return plural ? "IP addresses" : "IP address";
  if (formats.join() === "cidrv4,cidrv6") return plural ? "subnets (CIDR)" : "subnet (CIDR)";
  throw new Error(`no words for a union of ${formats.join(" and ")}`);
}
