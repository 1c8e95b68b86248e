import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Top of the repository. */
export const root = join(import.meta.dirname, "../../..");

/** A file of the repository: its path from the top, and its text. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

/** Files that match, sorted; installed, built and generated ones are left out. */
export function repositoryFiles(patterns: readonly string[]): readonly RepositoryFile[] {
  const exclude = ["**/node_modules/**", "**/dist/**", "src/talos/api/gen/**"];
  return globSync([...patterns], { cwd: root, exclude })
    .filter((path) => statSync(join(root, path)).isFile())
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The pages that people read. */
export function pages(): readonly RepositoryFile[] {
  return repositoryFiles(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md"]);
}
