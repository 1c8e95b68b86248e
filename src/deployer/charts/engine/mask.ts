/** Shorter texts are in every message by chance. */
const MIN_LENGTH = 4;
const MASK = "[sensitive]";

/** Takes sensitive texts out of a message of Helm's, which may quote values; of a text of several lines, each line too. */
export function mask(message: string, sensitive: readonly string[] = []): string {
  const parts = sensitive.flatMap((text) => [text, ...text.split(/\r?\n/).map((line) => line.trim())]);
  const longestFirst = [...new Set(parts)]
    .filter((text) => text.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
  return longestFirst.reduce((masked, text) => masked.replaceAll(text, MASK), message);
}
