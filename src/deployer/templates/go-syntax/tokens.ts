/** A piece of an action: `{{ … }}`. */
export interface Token {
  readonly kind: "string" | "number" | "field" | "dot" | "variable" | "word" | "sign";
  /** Of strings without their quotes, of fields without their dot, of variables with their `$`. */
  readonly text: string;
  /** Whether it stands right behind the one before: `.a.b`, not `.a .b`. */
  readonly isJoined: boolean;
}

const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ["number", /'(?:[^'\\]|\\.)+'|[+-]?\d[\w.]*/y],
  ["field", /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ["dot", /\./y],
  ["variable", /\$[\p{L}\p{N}_]*/uy],
  ["word", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["sign", /:=|[=|,()]/y],
];
const space = /[ \t\r\n]+/y;
const end = /(?:[ \t\r\n]+-)?\}\}/y;
const comment = /(?:-[ \t\r\n]+)?\/\*[\s\S]*?\*\/(?:[ \t\r\n]+-)?\}\}/y;

/**
 * The actions of a Go template, in order, comments left out.
 *
 * @throws SyntaxError for what is none
 * @see https://pkg.go.dev/text/template
 */
export function actionsIn(text: string): readonly (readonly Token[])[] {
  const actions: (readonly Token[])[] = [];
  let at = text.indexOf("{{");
  while (at !== -1) {
    at += 2;
    const past = match(comment, text, at);
    if (past === undefined) {
      const action = actionAt(text, /^-[ \t\r\n]/.test(text.slice(at, at + 2)) ? at + 1 : at);
      actions.push(action.tokens);
      at = action.end;
    } else at = past.end;
    at = text.indexOf("{{", at);
  }
  return actions;
}

function actionAt(text: string, start: number): { readonly tokens: readonly Token[]; readonly end: number } {
  const tokens: Token[] = [];
  let at = start;
  let isJoined = false;
  for (;;) {
    const done = match(end, text, at);
    if (done !== undefined) return { tokens, end: done.end };
    const gap = match(space, text, at);
    if (gap !== undefined) {
      at = gap.end;
      isJoined = false;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push({ ...token.token, isJoined });
    at = token.end;
    isJoined = true;
  }
}

function tokenAt(text: string, at: number): { readonly token: Omit<Token, "isJoined">; readonly end: number } {
  for (const [kind, pattern] of patterns) {
    const found = match(pattern, text, at);
    if (found === undefined) continue;
    return { token: { kind, text: meaning(kind, found.text) }, end: found.end };
  }
  throw new SyntaxError(`unexpected ${JSON.stringify(text.slice(at, at + 10))} in an action`);
}

function meaning(kind: Token["kind"], text: string): string {
  if (kind === "field") return text.slice(1);
  if (kind !== "string") return text;
  const inner = text.slice(1, -1);
  return text.startsWith("`") ? inner : inner.replace(/\\(["\\])/g, "$1");
}

function match(pattern: RegExp, text: string, at: number): { readonly text: string; readonly end: number } | undefined {
  pattern.lastIndex = at;
  const [found] = pattern.exec(text) ?? [];
  return found === undefined ? undefined : { text: found, end: at + found.length };
}
