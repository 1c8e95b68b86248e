/** What a page asks a reader to type, and what it says one then sees. */
export interface TutorialBlock {
  /** The shell lines of an `sh` block. */
  readonly script: string;
  /** The lines of the `text` block that follows; none where none follows. */
  readonly sights: readonly string[];
}

/** The `sh` blocks of a page in order, each with the `text` block right after it. */
export function blocksOf(markdown: string): readonly TutorialBlock[] {
  const fences = [...markdown.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)];
  return fences.flatMap(([, kind, script = ""], index) => {
    if (kind !== "sh") return [];
    const next = fences[index + 1];
    const sights = next?.[1] === "text" ? (next[2] ?? "") : "";
    return [{ script, sights: sights.split("\n").filter((line) => line.trim() !== "") }];
  });
}

/**
 * The lines that a page shows and the output has not, in that order. `…` stands for anything on the line, at its end also for
 * nothing; runs of spaces count as one, and a line may go on.
 */
export function unseen(sights: readonly string[], output: string): readonly string[] {
  const lines = output.split("\n").map(plain);
  let from = 0;
  return sights.filter((sight) => {
    const pattern = new RegExp(
      plain(sight)
        .split("…")
        .map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*"),
    );
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (at >= 0) from = at + 1;
    return at < 0;
  });
}

function plain(line: string): string {
  return line.replaceAll(/\s+/g, " ").trim();
}
