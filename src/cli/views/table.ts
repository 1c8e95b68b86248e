/**
 * Rows under their heads, columns two spaces apart. Columns without any content are left out.
 *
 * @param rows - as many cells as heads; undefined is an empty cell
 */
export function renderTable(heads: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const kept = heads.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly (string | undefined)[]) =>
    widths
      .flatMap((width, column) => (kept[column] === true ? [(cells[column] ?? "").padEnd(width)] : []))
      .join("  ")
      .trimEnd();
  return [heads, ...rows].map(line).join("\n");
}
