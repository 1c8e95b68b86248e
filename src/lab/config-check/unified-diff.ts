const CONTEXT = 3;

type Line = readonly [sign: " " | "-" | "+", text: string];

/** A unified diff of two texts with Talos' headers; "" when they are equal. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return "";
  const lines = compare(linesOf(before), linesOf(after));
  return `--- a\n+++ b\n${hunks(lines)}`;
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function compare(a: readonly string[], b: readonly string[]): readonly Line[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => [" ", text]);
  const middle = compareMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))];
}

function compareMiddle(a: readonly string[], b: readonly string[]): readonly Line[] {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const commonAt = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        a[i] === b[j] ? commonAt(i + 1, j + 1) + 1 : Math.max(commonAt(i + 1, j), commonAt(i, j + 1));
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([" ", a[i] ?? ""]);
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || commonAt(i + 1, j) >= commonAt(i, j + 1))) {
      lines.push(["-", a[i] ?? ""]);
      i += 1;
    } else {
      lines.push(["+", b[j] ?? ""]);
      j += 1;
    }
  }
  return lines;
}

function hunks(lines: readonly Line[]): string {
  const changed = lines.flatMap(([sign], index) => (sign === " " ? [] : [index]));
  let text = "";
  for (let first = 0; first < changed.length; ) {
    let last = first;
    while (last + 1 < changed.length && (changed[last + 1] ?? 0) - (changed[last] ?? 0) <= 2 * CONTEXT) last += 1;
    const from = Math.max(0, (changed[first] ?? 0) - CONTEXT);
    const to = Math.min(lines.length, (changed[last] ?? 0) + CONTEXT + 1);
    text += hunk(lines, from, to);
    first = last + 1;
  }
  return text;
}

function hunk(lines: readonly Line[], from: number, to: number): string {
  const count = (signs: string, part: readonly Line[]) => part.filter(([sign]) => signs.includes(sign)).length;
  const part = lines.slice(from, to);
  const range = (signs: string) => {
    const length = count(signs, part);
    const start = count(signs, lines.slice(0, from)) + (length === 0 ? 0 : 1);
    return length === 1 ? `${start}` : `${start},${length}`;
  };
  return `@@ -${range(" -")} +${range(" +")} @@\n${part.map(([sign, text]) => `${sign}${text}\n`).join("")}`;
}
