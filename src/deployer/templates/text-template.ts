import type { LoadedValue, LoadedValues } from "./template-value.ts";

/**
 * Up to here a line is replaced exactly as Zarf does, which gives up beyond and cuts the file off; ours goes on, in memory of
 * this size.
 */
const exactLineBytes = 1024 * 1024;
/** A key this long is none; it bounds what is kept of an unfinished token. */
const longestTokenBytes = 1024;
const token = /###ZARF_([A-Z0-9_]+)###/g;
/** As much of a token as its keys' beginning: "###ZARF_". */
const tokenHead = "###ZARF_";

export interface TextTemplateOptions {
  /** Told of each token whose file cannot be used: it is missing or no text. */
  readonly onUnreadable?: (key: string) => void;
}

/**
 * Replaces `###ZARF_<KEY>###` as Zarf does: line by line, from the left, never inside a value that was put in. Tokens that are not
 * known stay. Every line ends with a newline afterwards, CRLF becomes LF. With `autoIndent` the lines of a value begin below its
 * first, counted in bytes from the token before. A token whose file is missing or no text goes away together with what stands
 * before it on its line, back to the token before.
 *
 * @see https://docs.zarf.dev/ref/values/ (Zarf v0.84.0)
 */
export function applyTextTemplate(text: string, values: LoadedValues, options: TextTemplateOptions = {}): string {
  const templater = createTextTemplater(values, options);
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([templater.push(bytes), templater.end()]).toString("utf8");
}

/** As {@link applyTextTemplate}, for bytes of any length and encoding, in bounded memory. */
export async function* templateStream(
  source: AsyncIterable<Uint8Array>,
  values: LoadedValues,
  options: TextTemplateOptions = {},
): AsyncGenerator<Uint8Array> {
  const templater = createTextTemplater(values, options);
  for await (const chunk of source) {
    const done = templater.push(chunk);
    if (done.length > 0) yield done;
  }
  const rest = templater.end();
  if (rest.length > 0) yield rest;
}

/** The keys of all tokens in a text. */
export function templateKeys(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(token)].map((match) => match[1] ?? ""));
}

/** Bytes travel as Latin-1 text, one letter a byte, so that encodings other than UTF-8 pass unharmed. */
function createTextTemplater(values: LoadedValues, { onUnreadable }: TextTemplateOptions) {
  const replacements = new Map<string, Replacement>();
  const replacementOf = (key: string): Replacement | undefined => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    const known = replacements.get(key) ?? replacement(key, value);
    replacements.set(key, known);
    return known;
  };
  /** What came of the current line and is not out yet. */
  let pending = "";
  /** Of the current line, the part before `pending` is out already. */
  let isLong = false;
  /** Bytes since the last token of the current line that are out already. */
  let sinceToken = 0;

  const replaceIn = (text: string): string => {
    let done = "";
    let from = 0;
    for (const match of text.matchAll(token)) {
      const before = text.slice(from, match.index);
      from = match.index + match[0].length;
      const key = match[1] ?? "";
      const found = replacementOf(key);
      if (found !== undefined && found.text === undefined) {
        onUnreadable?.(key);
        // In a line of which a part is out already there is no taking back: only the token goes.
        if (isLong) done += before;
      } else {
        const indent = " ".repeat(sinceToken + before.length);
        const value = found?.autoIndent === true ? found.text?.replaceAll("\n", `\n${indent}`) : found?.text;
        done += before + (value ?? match[0]);
      }
      sinceToken = 0;
    }
    sinceToken += text.length - from;
    return done + text.slice(from);
  };
  const finishLine = (line: string): string => {
    const done = `${replaceIn(line.endsWith("\r") ? line.slice(0, -1) : line)}\n`;
    isLong = false;
    sinceToken = 0;
    return done;
  };

  return {
    push: (chunk: Uint8Array): Uint8Array => {
      const parts: string[] = [];
      const text = latin1(chunk);
      let from = 0;
      // Only what is new is searched: a line may come in a million pieces.
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
        parts.push(finishLine(pending + text.slice(from, end)));
        pending = "";
        from = end + 1;
      }
      pending += text.slice(from);
      if (pending.length > exactLineBytes) {
        isLong = true;
        const cut = safeCut(pending);
        parts.push(replaceIn(pending.slice(0, cut)));
        pending = pending.slice(cut);
      }
      return Buffer.from(parts.join(""), "latin1");
    },
    end: (): Uint8Array => {
      const hasRest = pending !== "" || isLong;
      const rest = hasRest ? finishLine(pending) : "";
      pending = "";
      return Buffer.from(rest, "latin1");
    },
  };
}

interface Replacement {
  /** undefined: its file cannot be used. */
  readonly text: string | undefined;
  readonly autoIndent: boolean;
}

function replacement(key: string, { value, type, content, autoIndent }: LoadedValue): Replacement {
  const indents = autoIndent === true;
  if (type !== "file" || value === "") return { text: latin1(Buffer.from(value, "utf8")), autoIndent: indents };
  if (content === undefined) throw new Error(`the file of ${key} was not read before it was needed`);
  return { text: content.bytes === undefined ? undefined : latin1(content.bytes), autoIndent: indents };
}

/** Where a line can be cut without cutting a token, or the CR of its end, in two. */
function safeCut(text: string): number {
  const start = text.lastIndexOf(tokenHead);
  const isOpen =
    start !== -1 &&
    text.length - start < longestTokenBytes &&
    /^[A-Z0-9_]*#{0,2}$/.test(text.slice(start + tokenHead.length));
  return isOpen ? start : text.length - tokenHead.length;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
