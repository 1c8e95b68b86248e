import { actionsIn, type Token } from "./tokens.ts";

export interface Pipeline {
  readonly declares: readonly string[];
  /** `=` instead of `:=`. */
  readonly isAssignment: boolean;
  /** Each with its arguments; the value of one is the last argument of the next. */
  readonly commands: readonly (readonly Operand[])[];
}

/** What an argument starts from, and the fields behind it: `.a.b`, `$x.a`, `(pipeline).a`. */
export interface Operand {
  readonly head:
    | { readonly kind: "dot" | "number" | "constant" }
    | { readonly kind: "variable" | "string" | "word"; readonly text: string }
    | { readonly kind: "pipeline"; readonly pipeline: Pipeline };
  readonly fields: readonly string[];
}

export type Node =
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | { readonly kind: "template"; readonly name: string; readonly pipeline: Pipeline | undefined }
  | { readonly kind: "leave" };

export interface ParsedTemplate {
  readonly nodes: readonly Node[];
  readonly defines: ReadonlyMap<string, readonly Node[]>;
}

/**
 * Reads a Go template as far as the references in it go. Functions are not looked up.
 *
 * @throws SyntaxError for what is none
 */
export function parseTemplate(text: string): ParsedTemplate {
  const actions = actionsIn(text);
  const defines = new Map<string, readonly Node[]>();
  let at = 0;

  /** Up to the `end` or `else` that belongs to the one who asks, which is left to them. */
  const list = (isTop: boolean): readonly Node[] => {
    const nodes: Node[] = [];
    for (; at < actions.length; at += 1) {
      const tokens = actions[at] ?? [];
      const word = tokens[0]?.kind === "word" ? tokens[0].text : "";
      if (word === "end" || word === "else") {
        if (isTop) throw new SyntaxError(`unexpected {{${word}}}`);
        return nodes;
      }
      nodes.push(...node(word, tokens));
    }
    if (!isTop) throw new SyntaxError("an {{end}} is missing");
    return nodes;
  };

  const node = (word: string, tokens: readonly Token[]): readonly Node[] => {
    switch (word) {
      case "if":
      case "with":
      case "range":
        return [branch(word, tokens.slice(1))];
      case "break":
      case "continue":
        return tokens.length === 1 ? [{ kind: "leave" }] : [{ kind: "action", pipeline: whole(tokens) }];
      case "template": {
        const rest = tokens.slice(2);
        return [{ kind: "template", name: nameIn(tokens), pipeline: rest.length === 0 ? undefined : whole(rest) }];
      }
      case "define":
      case "block": {
        const name = nameIn(tokens);
        at += 1;
        defines.set(name, list(false));
        return word === "block" ? [{ kind: "template", name, pipeline: whole(tokens.slice(2)) }] : [];
      }
      default:
        return [{ kind: "action", pipeline: whole(tokens) }];
    }
  };

  const branch = (kind: "if" | "with" | "range", tokens: readonly Token[]): Node => {
    const pipeline = whole(tokens);
    at += 1;
    const body = list(false);
    const [first, second, ...rest] = actions[at] ?? [];
    if (first?.text !== "else") return { kind, pipeline, body, otherwise: [] };
    if (second?.kind === "word" && (second.text === "if" || second.text === "with"))
      return { kind, pipeline, body, otherwise: [branch(second.text, rest)] };
    at += 1;
    return { kind, pipeline, body, otherwise: list(false) };
  };

  return { nodes: list(true), defines };
}

function nameIn(tokens: readonly Token[]): string {
  const name = tokens[1];
  if (name?.kind !== "string") throw new SyntaxError(`a name is missing after ${tokens[0]?.text ?? ""}`);
  return name.text;
}

function whole(tokens: readonly Token[]): Pipeline {
  const { pipeline, rest } = pipelineIn(tokens);
  if (rest.length > 0) throw new SyntaxError(`unexpected ${rest[0]?.text ?? ""}`);
  return pipeline;
}

/** Up to the end, or to the bracket that closes it, which is left. */
function pipelineIn(tokens: readonly Token[]): { readonly pipeline: Pipeline; readonly rest: readonly Token[] } {
  const { declares, isAssignment, rest: start } = declarationIn(tokens);
  const commands: Operand[][] = [];
  let command: Operand[] = [];
  let rest = start;
  for (;;) {
    const [token] = rest;
    const isEnd = token === undefined || (token.kind === "sign" && token.text === ")");
    if (isEnd || (token.kind === "sign" && token.text === "|")) {
      if (command.length === 0) throw new SyntaxError("a command is missing");
      commands.push(command);
      command = [];
      if (isEnd) return { pipeline: { declares, isAssignment, commands }, rest };
      rest = rest.slice(1);
      continue;
    }
    const found = operandIn(rest);
    command.push(found.operand);
    rest = found.rest;
  }
}

/** `$a :=`, `$a, $b :=`, `$a =` */
function declarationIn(tokens: readonly Token[]) {
  const [first, comma, second] = tokens;
  const names = first?.kind === "variable" ? [first.text] : [];
  if (names.length === 1 && comma?.text === "," && second?.kind === "variable") names.push(second.text);
  const sign = tokens[names.length === 2 ? 3 : 1];
  if (names.length === 0 || sign?.kind !== "sign" || (sign.text !== ":=" && sign.text !== "="))
    return { declares: [], isAssignment: false, rest: tokens };
  return { declares: names, isAssignment: sign.text === "=", rest: tokens.slice(names.length === 2 ? 4 : 2) };
}

function operandIn(tokens: readonly Token[]): { readonly operand: Operand; readonly rest: readonly Token[] } {
  const [first] = tokens;
  const start = first?.kind === "field" ? { head: { kind: "dot" } as const, rest: tokens } : headIn(tokens);
  let { rest } = start;
  const fields: string[] = [];
  for (let next = rest[0]; next?.kind === "field"; next = rest[0]) {
    if (!next.isJoined && !(fields.length === 0 && first?.kind === "field")) break;
    fields.push(next.text);
    rest = rest.slice(1);
  }
  return { operand: { head: start.head, fields }, rest };
}

function headIn(tokens: readonly Token[]): { readonly head: Operand["head"]; readonly rest: readonly Token[] } {
  const [token, ...rest] = tokens;
  switch (token?.kind) {
    case "dot":
    case "number":
      return { head: { kind: token.kind }, rest };
    case "string":
    case "variable":
      return { head: { kind: token.kind, text: token.text }, rest };
    case "word":
      if (["true", "false", "nil"].includes(token.text)) return { head: { kind: "constant" }, rest };
      return { head: { kind: "word", text: token.text }, rest };
    case "sign": {
      if (token.text !== "(") throw unexpected(token);
      const { pipeline, rest: after } = pipelineIn(rest);
      if (after[0]?.text !== ")") throw new SyntaxError("a bracket is not closed");
      return { head: { kind: "pipeline", pipeline }, rest: after.slice(1) };
    }
    case "field":
    case undefined:
      throw unexpected(token);
  }
}

const unexpected = (token: Token | undefined): SyntaxError => new SyntaxError(`unexpected ${token?.text ?? "end"}`);
