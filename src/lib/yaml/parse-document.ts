import { type Document, isAlias, LineCounter, type ParsedNode, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { OperatorError, type Problem } from "../errors/index.ts";
import { checkValue } from "./issues.ts";
import { offsetOf, placeOf, type YamlPath } from "./positions.ts";
import { syntaxProblems } from "./syntax-problems.ts";

/** A checked document that still knows its lines. */
export interface YamlDocument<T> {
  readonly value: T;
  /** `file:line:column` of the value at a path, or of the nearest thing around it that is there. */
  readonly where: (path: YamlPath) => string;
}

/** Expansions of one anchor, counted through nested aliases, before a document is refused. */
const maxAliases = 100;

/**
 * Reads one of our own YAML documents strictly: every problem of syntax and schema is found in one go.
 *
 * @param options.file - the path as the operator gave it, for places in messages
 * @param options.schema - zod schema; strict objects make unknown keys an error with "did you mean"
 * @param options.sizeLimitBytes - default 1 MiB
 * @throws OperatorError DOCUMENT_INVALID with one problem per finding, each at `file:line:column`
 */
export function parseYamlDocument<T>(
  text: string,
  options: { readonly file: string; readonly schema: z.ZodType<T>; readonly sizeLimitBytes?: number },
): YamlDocument<T> {
  const { file, schema } = options;
  assertSize(text, file, options.sizeLimitBytes ?? 1024 * 1024);
  const lines = new LineCounter();
  const document = boundedDepth(file, () =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: "error" }),
  );
  const dangling = aliasProblems(document, file, lines);
  const syntax = [...syntaxProblems(document.errors, { file, lines, text }), ...dangling];
  // Only after a repeated key is the rest of the value worth judging; other syntax errors make it a guess.
  const isReadable = dangling.length === 0 && document.errors.every((error) => error.code === "DUPLICATE_KEY");
  if (!isReadable) throw documentInvalid(file, syntax);
  const where = (path: YamlPath, at: "key" | "value" = "value"): string =>
    placeOf(file, lines, offsetOf(document.contents, path, at));
  const checked = boundedDepth(file, () => checkValue(schema, contentOf(document, file)));
  if ("problems" in checked || syntax.length > 0) {
    const found = "problems" in checked ? checked.problems : [];
    const problems = found.map(({ path, message, at }) => ({ message, where: { file: where(path, at) } }));
    throw documentInvalid(file, [...syntax, ...problems]);
  }
  return { value: checked.value, where: (path) => where(path) };
}

/** The error for problems found in a document, in the order of its lines; also for checks that a schema cannot express. */
export function documentInvalid(file: string, problems: readonly Problem[]): OperatorError {
  const inOrder = [...problems].sort((a, b) => lineOf(a) - lineOf(b));
  const first = inOrder[0];
  const message =
    inOrder.length === 1 && first !== undefined
      ? `${file}: ${first.message}`
      : `${file} has ${inOrder.length} problems`;
  return new OperatorError("DOCUMENT_INVALID", message, {
    where: first?.where ?? { file },
    next: [`correct ${file} and run the same command again`],
    problems: inOrder,
  });
}

/** Refuses more text than a document of this kind can sensibly have, before a parser sees it. */
export function assertSize(text: string, file: string, limitBytes: number): void {
  if (text.length > limitBytes || Buffer.byteLength(text) > limitBytes) {
    throw documentInvalid(file, [{ message: `larger than ${limitBytes} bytes`, where: { file: `${file}:1:1` } }]);
  }
}

/** Parsers and schemas walk a document recursively; nesting beyond the stack is the document's fault, not a bug. */
export function boundedDepth<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw documentInvalid(file, [{ message: "nested too deeply", where: { file: `${file}:1:1` } }]);
  }
}

function contentOf(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    // Unresolved aliases were reported before, so the one ReferenceError left is the bound on aliases.
    if (!(error instanceof ReferenceError)) throw error;
    throw documentInvalid(file, [{ message: "too many aliases", where: { file: `${file}:1:1` } }]);
  }
}

function aliasProblems(document: Document.Parsed<ParsedNode>, file: string, lines: LineCounter): readonly Problem[] {
  const anchors = new Set<string>();
  const problems: Problem[] = [];
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) {
          const place = placeOf(file, lines, node.range?.[0] ?? 0);
          problems.push({ message: `nothing before this has the anchor &${node.source}`, where: { file: place } });
        }
      } else if (node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return problems;
}

function lineOf(problem: Problem): number {
  const match = /:(\d+):(\d+)$/.exec(problem.where?.file ?? "");
  return match ? Number(match[1]) * 100_000 + Number(match[2]) : 0;
}
