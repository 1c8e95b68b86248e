import {
  type ErrorPlace,
  isOperatorError,
  type OperatorError,
  redactSecrets,
  stripControls,
} from "../../lib/errors/index.ts";
import type { Colors } from "../terminal.ts";

export interface ErrorOptions {
  readonly colors: Colors;
  /** Show causes and stacks. */
  readonly debug: boolean;
  /** Titles of phases by id; an unknown id is shown as it is. */
  readonly phaseTitles?: ReadonlyMap<string, string>;
  /** What is true now. */
  readonly epilogue?: string | undefined;
  readonly logFile?: string | undefined;
}

/**
 * An error as a tired operator reads it: what failed, its name to search for, where, what to do next, what is true now.
 * Ends without a newline.
 */
export function renderError(error: unknown, options: ErrorOptions): string {
  const blocks = isOperatorError(error) ? operatorBlocks(error, options) : bugBlocks(error, options);
  const ends = [
    options.epilogue === undefined ? [] : [`  ${options.epilogue}`],
    options.logFile === undefined ? [] : [`  The whole story is in ${options.logFile}`],
  ];
  const tail = ends.flat();
  const all = [...blocks, ...(tail.length === 0 ? [] : [tail]), ...(options.debug ? [causes(error)] : [])];
  return redactSecrets(
    all
      .filter((block) => block.length > 0)
      .map((block) => block.map((line) => stripControls(line).trimEnd()).join("\n"))
      .join("\n\n"),
  ).replace(/^✗/, options.colors.red("✗"));
}

function operatorBlocks(error: OperatorError, options: ErrorOptions): readonly (readonly string[])[] {
  const { phase } = error.where;
  const title = phase === undefined ? "" : `${options.phaseTitles?.get(phase) ?? phase}: `;
  const [first, ...more] = error.problems;
  // A single problem's place is the error's own, which has a line of its own.
  const outer = more.length === 0 ? error.where : {};
  const rows: readonly (readonly [string, string])[] = [
    [error.code, first === undefined ? places(error.where) : problemLine(first, outer)],
    ...more.map((problem): readonly [string, string] => ["", problemLine(problem, outer)]),
    ...(error.where.file === undefined || error.problems.length > 1 ? [] : [["from", error.where.file] as const]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    [`✗ ${title}${error.message}`],
    rows.map(([label, text]) => `  ${label.padEnd(width)}   ${text}`),
    nextBlock(error.next),
  ];
}

function problemLine(problem: { readonly message: string; readonly where?: ErrorPlace }, outer: ErrorPlace): string {
  const { file, node, object } = problem.where ?? {};
  const isSame = file === outer.file && node === outer.node && object === outer.object;
  const place = isSame ? undefined : (file ?? [node, object].filter((each) => each !== undefined).join(" "));
  return place === undefined || place === "" ? problem.message : `${place}   ${problem.message}`;
}

function places(where: ErrorPlace): string {
  return [where.node, where.object].filter((each) => each !== undefined).join("   ");
}

/** `command   what it does`, written with three spaces between, is shown in two columns. */
function nextBlock(next: readonly string[]): readonly string[] {
  const split = next.map((line) => line.split(/ {3,}/, 2));
  const width = Math.max(0, ...split.map(([command = "", does]) => (does === undefined ? 0 : command.length)));
  return split.map(([command = "", does], index) => {
    const label = index === 0 ? "next" : "";
    return `  ${label.padEnd(4)}   ${does === undefined ? command : `${command.padEnd(width)}   ${does}`}`;
  });
}

function bugBlocks(error: unknown, options: ErrorOptions): readonly (readonly string[])[] {
  const message = error instanceof Error ? error.message : String(error);
  return [
    [`✗ Skerry has a bug: ${message}`],
    ["  BUG   this should never be seen; nothing you did is wrong"],
    options.debug ? [] : nextBlock(["run it again with --debug and report what it prints"]),
  ];
}

function causes(error: unknown): readonly string[] {
  const lines: string[] = [];
  for (let each: unknown = error, depth = 0; each !== undefined && depth < 10; depth += 1) {
    if (depth > 0) lines.push("caused by");
    lines.push(...(each instanceof Error ? (each.stack ?? each.message) : String(each)).split("\n"));
    each = each instanceof Error ? each.cause : undefined;
  }
  return lines.map((line) => `  ${line}`);
}
