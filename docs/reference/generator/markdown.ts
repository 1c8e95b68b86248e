/** A table cell: one line, with bars that do not end the cell. */
function cell(text: string): string {
  return text.replaceAll("\n", " ").replaceAll("|", "\\|");
}

/** A table with a head line; empty where there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function codeBlock(language: string, lines: readonly string[]): string {
  return ["```".concat(language), ...lines, "```"].join("\n");
}

/** A whole page: blocks apart by one empty line, without the empty ones, and a note that says where it comes from. */
export function page(title: string, source: string, blocks: readonly string[]): string {
  const note = `<!-- Written by \`npm run generate\` from ${source}. Change that, not this. -->`;
  return `${[`# ${title}`, note, ...blocks].filter((block) => block !== "").join("\n\n")}\n`;
}
