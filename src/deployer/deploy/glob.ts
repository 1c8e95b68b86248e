/**
 * Whether a name fits a shell-style pattern as Go's `path.Match` reads it: `*` and `?` (never a slash), `[a-z]`, `[^a-z]`, and
 * backslash for what is meant as it is. A pattern that is not one fits nothing.
 *
 * @see https://pkg.go.dev/path#Match
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const source = toRegExp(pattern);
  return source !== undefined && new RegExp(`^${source}$`, "su").test(name);
}

function toRegExp(pattern: string): string | undefined {
  let source = "";
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? "";
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const end = classEnd(pattern, index);
      if (end === undefined) return undefined;
      source += classSource(pattern.slice(index + 1, end));
      index = end;
    } else if (character === "\\") {
      index++;
      if (index === pattern.length) return undefined;
      source += literally(pattern[index] ?? "");
    } else source += literally(character);
  }
  return source;
}

function classEnd(pattern: string, start: number): number | undefined {
  for (let index = start + 1; index < pattern.length; index++) {
    if (pattern[index] === "\\") index++;
    // Go wants at least one range, so a bracket that closes at once is an error, not a member.
    else if (pattern[index] === "]") return index > start + 1 ? index : undefined;
  }
  return undefined;
}

function classSource(inside: string): string {
  const negated = inside.startsWith("^");
  const members = (negated ? inside.slice(1) : inside).replaceAll("[", "\\[").replaceAll("&", "\\&");
  return `(?!/)[${negated ? "^" : ""}${members}]`;
}

function literally(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
