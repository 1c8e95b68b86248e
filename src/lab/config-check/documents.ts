/** One document of a config text, not parsed. */
export interface TextDocument {
  readonly text: string;
  /** Of its first line in the whole text, from 1. */
  readonly line: number;
}

/** Cuts a text at its `---` lines; documents without content are left out, as Talos does. */
export function cutDocuments(text: string): readonly TextDocument[] {
  const found: TextDocument[] = [];
  let begin = 0;
  let line = 1;
  const body = text.replace(/^\uFEFF/, "");
  const finish = (end: number, nextBegin: number) => {
    const piece = body.slice(begin, end);
    if (/^[ \t]*[^\s#]/m.test(piece)) found.push({ text: piece, line });
    line += countLines(body, begin, nextBegin);
    begin = nextBegin;
  };
  for (const match of body.matchAll(/^---(?:[ \t][^\n]*)?\r?(?:\n|$(?![\s\S]))/gm))
    finish(match.index, match.index + match[0].length);
  finish(body.length, body.length);
  return found;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
