import { type Digest, digestHex, parseDigest } from "../../oci/index.ts";

export interface ListedFile {
  readonly path: string;
  readonly digest: Digest;
}

/**
 * The text of `checksums.txt`: lower-case hash, one space, path; whole lines sorted as bytes, each ended by a newline. Without
 * files it is a single newline, as Zarf writes it.
 */
export function formatChecksums(files: readonly ListedFile[]): string {
  const lines = files.map(({ path, digest }) => `${digestHex(digest)} ${path}`);
  return `${lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join("\n")}\n`;
}

/**
 * Reads `checksums.txt` as Zarf does: blank lines are skipped and a leading `./` is taken off; upper-case digits, a second
 * space, a line that is there twice are problems.
 *
 * @returns the files in the order of the text, and what is wrong, one sentence each
 */
export function parseChecksums(text: string): {
  readonly files: readonly ListedFile[];
  readonly problems: readonly string[];
} {
  const files = new Map<string, ListedFile>();
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const [hex = "", rawPath = "", ...rest] = line.split(" ");
    const digest = parseDigest(`sha256:${hex}`);
    const path = rawPath.replace(/^\.\//, "");
    if (digest === undefined || path === "" || rest.length > 0) {
      problems.push(`line ${index + 1} of checksums.txt is not a hash, a space and a path`);
    } else if (files.has(path)) problems.push(`checksums.txt lists ${JSON.stringify(path)} twice`);
    else files.set(path, { path, digest });
  }
  return { files: [...files.values()], problems };
}
