import { type Document, isMap, isScalar, LineCounter, parseAllDocuments, type Scalar, visit, type YAMLMap } from "yaml";
import type { Problem } from "../../lib/errors/index.ts";
import { boundedDepth, documentInvalid } from "../../lib/yaml/parse-document.ts";
import { syntaxProblems } from "../../lib/yaml/syntax-problems.ts";

/** One document of a config, kept as text: scalars are not interpreted, comments stay. */
export interface ConfigNode {
  readonly document: Document;
  readonly map: YAMLMap;
  readonly identity: DocumentIdentity;
}

export interface DocumentIdentity {
  readonly apiVersion: string;
  /** "" for the document without a kind, which has machine and cluster. */
  readonly kind: string;
  readonly name: string;
}

/** What talosctl accepts over its API is 32 MiB; a config of one node beyond this is a mistake. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a config or a strategic patch without interpreting its scalars, so that whatever was not touched is written back as it
 * was (`0777`, `yes`, `1e3` mean other things to other readers).
 *
 * @throws OperatorError DOCUMENT_INVALID at file:line:column
 */
export function readConfigNodes(text: string, file: string): readonly ConfigNode[] {
  return configNodesOf(readDocuments(text, file), file);
}

/** The documents that are mappings; empty ones are left out, others refused. */
export function configNodesOf(documents: readonly Document[], file: string): readonly ConfigNode[] {
  return documents.flatMap((document) => {
    if (document.contents === null || isNullScalar(document.contents)) return [];
    if (!isMap(document.contents)) {
      throw documentInvalid(file, [{ message: "a document is not a mapping", where: { file } }]);
    }
    return [{ document, map: document.contents, identity: identityOf(document.contents) }];
  });
}

/** The documents of a stream as an untouched tree; lists are allowed at the top. */
export function readDocuments(text: string, file: string): readonly Document[] {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw documentInvalid(file, [{ message: `is larger than ${MAX_BYTES} bytes`, where: { file } }]);
  }
  const lines = new LineCounter();
  return boundedDepth(file, () => {
    const parsed = parseAllDocuments(text, {
      schema: "failsafe",
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      logLevel: "silent",
    });
    const documents = Array.isArray(parsed) ? (parsed as readonly Document[]) : [];
    const problems = documents.flatMap((document) => [
      ...syntaxProblems(document.errors, { file, lines, text }),
      ...aliasProblems(document, file, lines),
    ]);
    if (problems.length > 0) throw documentInvalid(file, problems);
    return documents;
  });
}

/** Aliases would have to be expanded to be merged; neither Talos' tools nor people write them in machine configs. */
function aliasProblems(document: Document, file: string, lines: LineCounter): readonly Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Alias: (_, { source, range }) => {
      const { line, col } = lines.linePos(range?.[0] ?? 0);
      problems.push({ message: `alias *${source} is not supported here`, where: { file: `${file}:${line}:${col}` } });
    },
  });
  return problems;
}

/** The documents as one text, indented as Talos indents. */
export function writeConfigNodes(nodes: readonly ConfigNode[]): string {
  return nodes.map(({ document }) => document.toString({ indent: 4, lineWidth: 0, directives: false })).join("---\n");
}

export function isSameDocument(a: DocumentIdentity, b: DocumentIdentity): boolean {
  return a.apiVersion === b.apiVersion && a.kind === b.kind && a.name === b.name;
}

/** The text of a scalar value, or undefined where there is none. */
export function textAt(map: YAMLMap, key: string): string | undefined {
  const node = map.get(key, true);
  return isScalar(node) && node.value !== null ? String(node.value) : undefined;
}

/** Plain `null`, `~` or nothing at all. */
export function isNullScalar(node: unknown): boolean {
  if (!isScalar(node)) return node === null || node === undefined;
  return node.value === null || (isPlain(node) && ["", "~", "null", "Null", "NULL"].includes(String(node.value)));
}

export function isPlain(node: Scalar): boolean {
  return node.type === undefined || node.type === "PLAIN";
}

function identityOf(map: YAMLMap): DocumentIdentity {
  const kind = textAt(map, "kind") ?? "";
  // The document without a kind has one identity whatever it says about itself.
  if (kind === "") return { apiVersion: "", kind: "", name: "" };
  return { apiVersion: textAt(map, "apiVersion") ?? "", kind, name: textAt(map, "name") ?? "" };
}
