import { redactConfig } from "./redact.ts";

const CONTEXT_LINES = 3;

/**
 * What changes from one machine config to another, as a unified diff of their redacted texts. Secrets never show; where only a
 * secret differs, a line says so.
 *
 * @returns lines with " ", "-" or "+" in front, hunks after `@@` lines; empty when nothing differs
 */
export function diffConfigs(beforeYaml: string, afterYaml: string): string {
  if (beforeYaml === afterYaml) return "";
  const before = redactConfig(beforeYaml).split("\n");
  const after = redactConfig(afterYaml).split("\n");
  const lines = diffLines(before, after);
  if (lines.every((line) => line.sign === " ")) return "@@ secrets or comments only @@\n";
  return hunks(lines);
}

interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** The longest common subsequence by table: a config has some hundred lines, and common ends are cut off first. */
function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const same = (texts: readonly string[]): readonly DiffLine[] => texts.map((text) => ({ sign: " ", text }));
  return [
    ...same(before.slice(0, start)),
    ...diffMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

function diffMiddle(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const width = after.length + 1;
  // lengths[i * width + j]: how many lines before[i..] and after[j..] have in common
  const lengths = new Uint32Array((before.length + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ sign: " ", text: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      lines.push({ sign: "-", text: old });
      i++;
    } else {
      lines.push({ sign: "+", text: fresh ?? "" });
      j++;
    }
  }
  return lines;
}

function hunks(lines: readonly DiffLine[]): string {
  const isNear = lines.map((_, index) =>
    lines
      .slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
      .some((neighbour) => neighbour.sign !== " "),
  );
  let text = "";
  let beforeLine = 1;
  let afterLine = 1;
  for (const [index, { sign, text: line }] of lines.entries()) {
    if (isNear[index] === true) {
      if (isNear[index - 1] !== true) text += `@@ -${beforeLine} +${afterLine} @@\n`;
      text += `${sign}${line}\n`;
    }
    if (sign !== "+") beforeLine++;
    if (sign !== "-") afterLine++;
  }
  return text;
}
