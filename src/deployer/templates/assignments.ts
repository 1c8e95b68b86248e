import { OperatorError } from "../../lib/errors/index.ts";

/**
 * Reads `--set NAME=VALUE` as Zarf does: one assignment as it is; where there are more `=` than one, comma-separated
 * assignments, in which `"` keep a part with commas together (`"A=1,2",B=3`). Later ones win.
 *
 * @throws OperatorError USAGE_INVALID naming the part, without its value
 */
export function parseAssignments(texts: readonly string[], option: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const text of texts) {
    const isSingle = text.split("=").length === 2;
    for (const part of isSingle ? [unquoted(text)] : splitParts(text)) {
      const at = part.indexOf("=");
      if (at < 1) throw unassigned(option);
      found[part.slice(0, at)] = part.slice(at + 1);
    }
  }
  return found;
}

const unquoted = (text: string): string => text.replace(/^"+|"+$/g, "");

/** One line of comma-separated values; doubled quotes inside quotes stand for one. */
function splitParts(line: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const letter = line[at] ?? "";
    if (letter === '"' && isQuoted && line[at + 1] === '"') {
      part += letter;
      at += 1;
    } else if (letter === '"' && (isQuoted || part === "")) isQuoted = !isQuoted;
    else if (letter === "," && !isQuoted) {
      parts.push(part);
      part = "";
    } else part += letter;
  }
  return [...parts, part];
}

function unassigned(option: string): OperatorError {
  return new OperatorError("USAGE_INVALID", `${option} takes NAME=VALUE, or several of them with commas between`, {
    next: [`${option} NAME=VALUE`],
  });
}
