/** Shorter texts are in every line by chance. */
const minLength = 4;
const maskText = "[sensitive]";

/** Takes sensitive texts out of lines; of a text of several lines, each line too. */
export function createMask(sensitive: readonly string[]): (line: string) => string {
  const parts = sensitive.flatMap((text) => [text, ...text.split(/\r?\n/).map((line) => line.trim())]);
  const longestFirst = [...new Set(parts)]
    .filter((text) => text.length >= minLength)
    .sort((a, b) => b.length - a.length);
  return (line) => longestFirst.reduce((masked, text) => masked.replaceAll(text, maskText), line);
}
