import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from "yaml";
import fields from "./fields.json" with { type: "json" };

/** A document that decoded: strictly typed as far as the table goes. */
export interface DecodedDocument {
  /** "" for the v1alpha1 document. */
  readonly kind: string;
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A refusal in Talos' words. */
export class ConfigRefused extends Error {}

type FieldTypes = Readonly<Record<string, string>>;
const tables: Readonly<Record<string, FieldTypes | undefined>> = fields;

/** Keys that make a document without kind the v1alpha1 one. */
const V1ALPHA1_KEYS = ["version", "machine", "cluster", "debug", "persist"];

/** Types that read themselves from a scalar although they are structs, or from any YAML. */
const SELF_READING =
  /^(?:!|interface|x509\.|url\.|meta\.URL|v1alpha1\.(?:Endpoint|InstallDisk(?:SizeMatcher|Type)|DiskSize|FileMode|Base64Bytes|ArgValue|Args|Unstructured)|security\.)/;

/** Decodes one document. Line numbers in errors count from `line`. @throws ConfigRefused */
export function decodeDocument(text: string, line: number): DecodedDocument {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, uniqueKeys: false, schema: "core" });
  const [problem] = yaml.errors;
  if (problem !== undefined)
    throw new ConfigRefused(`decode error: ${syntaxProblem(text, line, problem.pos[0], lines)}`);
  const root = yaml.contents;
  if (!isMap(root)) throw new ConfigRefused(`expected a YAML document at line ${line}`);

  const textAt = (key: string) => {
    const value = root.get(key);
    return value === undefined || value === null ? "" : String(value);
  };
  const [apiVersion, given, name] = [textAt("apiVersion"), textAt("kind"), textAt("name")];
  const isV1Alpha1 = given === "" && V1ALPHA1_KEYS.some((key) => root.has(key));
  const id = given === "" ? `${apiVersion}/v1alpha1/` : `${apiVersion}/${given}/${name}`;
  const fail = (why: string) => new ConfigRefused(`error decoding document ${id} (line ${line}): ${why}`);

  if (!isV1Alpha1 && given === "") throw fail("missing kind");
  if (!isV1Alpha1 && apiVersion === "") throw fail("missing apiVersion");
  const table = tables[isV1Alpha1 ? "" : given];
  if (table === undefined || (!isV1Alpha1 && apiVersion !== "v1alpha1"))
    throw fail(`"${given}" "${apiVersion}": not registered`);

  const reader = new Reader(table, (node) => line - 1 + lines.linePos(node.range?.[0] ?? 0).line);
  reader.map(root, "");
  const target = `${given} to *${table[""]}`;
  if (reader.problems.length > 0)
    throw fail(
      `error decoding ${target}: yaml: construct errors:\n${reader.problems.map((text) => `  ${text}`).join("\n")}`,
    );
  if (reader.unknown.length > 0)
    throw fail(`unknown keys found during decoding:
${unknownTree(reader.unknown)}`);
  return { kind: isV1Alpha1 ? "" : given, name, value: yaml.toJS() as Readonly<Record<string, unknown>> };
}

type Trail = readonly (string | number)[];
interface Unknown {
  readonly trail: Trail;
  readonly value: Node | null;
}

/** Walks a document along the table; collects what does not fit. */
class Reader {
  readonly problems: string[] = [];
  readonly unknown: Unknown[] = [];
  readonly #table: FieldTypes;
  readonly #lineOf: (node: Node) => number;

  constructor(table: FieldTypes, lineOf: (node: Node) => number) {
    this.#table = table;
    this.#lineOf = lineOf;
  }

  map(node: YAMLMap, path: string, trail: Trail = []): void {
    const lines = new Map<string, number>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const line = this.#lineOf(pair.key);
      const before = lines.get(key);
      if (before !== undefined)
        this.problems.push(`line ${line}: mapping key "${key}" already defined at line ${before}`);
      lines.set(key, line);
      const here = path === "" ? key : `${path}.${key}`;
      const any = path === "" ? "*" : `${path}.*`;
      if (here in this.#table) this.value(pair.value, here, [...trail, key]);
      else if (any in this.#table) this.value(pair.value, any, [...trail, key]);
      else if (path === "" && ["apiVersion", "kind", "$patch"].includes(key)) continue;
      else if (key !== "$patch") this.unknown.push({ trail: [...trail, key], value: pair.value });
    }
  }

  value(node: Node | null, path: string, trail: Trail): void {
    const type = this.#table[path] ?? "interface {}";
    if (node === null || isAlias(node) || (isScalar(node) && node.value === null)) return;
    const special = specialProblem(type, node);
    if (special !== undefined) return void this.problems.push(`line ${this.#lineOf(special.node)}: ${special.why}`);
    if (SELF_READING.test(type) && !(isSeq(node) && `${path}.[]` in this.#table)) return;
    const fits = fitsType(type, node);
    if (!fits)
      return void this.problems.push(`line ${this.#lineOf(node)}: cannot construct ${described(node)} into ${type}`);
    if (isMap(node)) this.map(node, path, trail);
    if (isSeq(node))
      for (const [index, item] of (node.items as Node[]).entries()) this.value(item, `${path}.[]`, [...trail, index]);
  }
}

const NUMBER = /^(?:u?int\d*|float64)$/;
const DURATION = /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/;

function fitsType(type: string, node: Node): boolean {
  if (type.startsWith("[]") || /List$/.test(type)) return isSeq(node);
  if (type === "string") return isScalar(node);
  if (type === "bool") return isScalar(node) && typeof node.value === "boolean";
  if (NUMBER.test(type)) return isScalar(node) && typeof node.value === "number";
  if (type === "time.Duration") return isScalar(node) && DURATION.test(String(node.value));
  if (/^(?:map\[|v1alpha1\.|network\.|block\.|cri\.|extensions\.)/.test(type))
    return isMap(node) || /^\w+\.\w*(?:Kind|Mode|Type)$/.test(type);
  return true;
}

function described(node: Node): string {
  if (isSeq(node)) return "!!seq";
  if (isMap(node)) return "!!map";
  const value = isScalar(node) ? node.value : "";
  const tag = typeof value === "number" ? "int" : typeof value === "boolean" ? "bool" : "str";
  return `!!${tag} \`${isScalar(node) ? (node.source ?? String(value)) : ""}\``;
}

/** What values that read themselves find wrong: certificates that are no base64, an endpoint that is no URL. */
function specialProblem(type: string, node: Node): { readonly node: Node; readonly why: string } | undefined {
  if (type === "v1alpha1.Endpoint" && isScalar(node)) {
    const text = String(node.value);
    return /^[^/:?#]*[^a-zA-Z0-9+.\-:/?#][^/:]*:|^\d[^/]*:/.test(text)
      ? { node, why: `parse "${text}": first path segment in URL cannot contain colon` }
      : undefined;
  }
  if (!type.startsWith("x509.PEM") || !isMap(node)) return undefined;
  for (const key of ["crt", "key"]) {
    const part = node.get(key, true);
    const at = part === undefined ? -1 : badBase64At(String(part.value ?? ""));
    if (part !== undefined && at >= 0) return { node, why: `illegal base64 data at input byte ${at}` };
  }
  return undefined;
}

function badBase64At(text: string): number {
  const bad = text.search(/[^A-Za-z0-9+/=]/);
  if (bad >= 0) return bad;
  return text.length % 4 === 0 ? -1 : text.length;
}

/** The unknown keys alone, in their places and as they were written. */
function unknownTree(unknown: readonly Unknown[]): string {
  const build = (entries: readonly Unknown[], depth: number): unknown => {
    const [first] = entries;
    if (first?.trail.length === depth) return first.value;
    const steps = [...new Set(entries.map(({ trail }) => trail[depth]))].sort();
    const inner = (step: Trail[number] | undefined) =>
      build(
        entries.filter(({ trail }) => trail[depth] === step),
        depth + 1,
      );
    return typeof steps[0] === "number"
      ? steps.map(inner)
      : Object.fromEntries(steps.map((step) => [step, inner(step)]));
  };
  return stringify(build(unknown, 0), { indent: 4, flowCollectionPadding: false, lineWidth: 0 });
}

function syntaxProblem(text: string, firstLine: number, at: number, lines: LineCounter): string {
  // Go points at the colon that has no place there, our parser at the value in front of it.
  const colon = text.indexOf(":", at);
  const { line, col } = lines.linePos(colon === -1 ? at : colon);
  return `yaml: line ${firstLine - 1 + line}, column ${col}: mapping values are not allowed in this context`;
}
