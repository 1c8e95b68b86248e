export interface TemplateValue {
  readonly value: string;
  /** Whether the lines of a value go below each other, at the place of the first. */
  readonly autoIndent: boolean;
}

const token = /###ZARF_([A-Z0-9_]+)###/g;

/**
 * Replaces `###ZARF_<KEY>###` as Zarf does: line by line, from the left, never inside a value that was put in. Tokens that are
 * not known stay. Every line ends with a newline afterwards, CRLF becomes LF.
 *
 * @param values - by key: `VAR_DOMAIN`, `CONST_TITLE`
 */
export function applyTextTemplate(text: string, values: ReadonlyMap<string, TemplateValue>): string {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${applyToLine(line, values)}\n`).join("");
}

function applyToLine(line: string, values: ReadonlyMap<string, TemplateValue>): string {
  let done = "";
  let from = 0;
  for (const match of line.matchAll(token)) {
    const before = line.slice(from, match.index);
    const known = values.get(match[1] ?? "");
    // Zarf counts the bytes since the token before, not since the start of the line.
    const indent = " ".repeat(Buffer.byteLength(before));
    const value = known?.autoIndent === true ? known.value.replaceAll("\n", `\n${indent}`) : known?.value;
    done += before + (value ?? match[0]);
    from = match.index + match[0].length;
  }
  return done + line.slice(from);
}

/** The keys of all tokens in a text. */
export function templateKeys(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(token)].map((match) => match[1] ?? ""));
}
