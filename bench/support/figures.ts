/** One line of a bench: what was measured, against what, and what was wanted. */
export interface Figure {
  readonly figure: string;
  readonly ours: string;
  /** The peer or the limit, measured in the same run; absent where only the goal bounds it. */
  readonly against?: string;
  /** ours / against, or against / ours where less is better: the page says which. */
  readonly ratio?: number;
  readonly goal?: { readonly text: string; readonly isMet: boolean };
}

const HEADS = ["figure", "ours", "peer or limit", "ratio", "goal"] as const;

/** The figures as a table, with "missed" behind every goal that was. */
export function printFigures(figures: readonly Figure[]): void {
  const rows = figures.map(({ figure, ours, against = "", ratio, goal }) => [
    figure,
    ours,
    against,
    ratio === undefined ? "" : ratio.toFixed(2),
    goal === undefined ? "" : `${goal.text} ${goal.isMet ? "met" : "MISSED"}`,
  ]);
  const table = [[...HEADS], ...rows];
  const widths = HEADS.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}

export function atLeast(value: number, goal: number, text = `≥ ${goal}`): NonNullable<Figure["goal"]> {
  return { text, isMet: value >= goal };
}

export function atMost(value: number, goal: number, text = `≤ ${goal}`): NonNullable<Figure["goal"]> {
  return { text, isMet: value <= goal };
}

/** Middle of the values, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor((sorted.length - 1) / 2);
  return ((sorted[middle] ?? 0) + (sorted[sorted.length - 1 - middle] ?? 0)) / 2;
}
