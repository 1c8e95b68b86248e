import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import { pathProblem } from "../../package/path-rules.ts";
import type { LoadedPackage } from "../source/load-package.ts";
import { stagedFile } from "../stage/read-folder.ts";
import type { StagedEntry } from "../stage/staged.ts";
import { archiveLayer, type PackageLayer } from "./package-layer.ts";

/**
 * `documentation.tar`: every document under the name of its file; where two share one, both get their key before it.
 *
 * @throws OperatorError FILE_UNREADABLE, PACKAGE_SOURCE_UNUSABLE
 */
export async function documentationLayers(
  { definition, folder }: LoadedPackage,
  call: { readonly signal: AbortSignal },
): Promise<readonly PackageLayer[]> {
  const documents = Object.entries(definition.documentation);
  if (documents.length === 0) return [];
  const names = documents.map(([, file]) => path.posix.basename(file));
  const tree = new Map<string, StagedEntry>();
  for (const [index, [key, file]] of documents.entries()) {
    const name = names[index] ?? "";
    const isShared = names.filter((other) => other === name).length > 1;
    const stored = isShared ? `${key}-${name}` : name;
    const problem = pathProblem(stored) ?? (stored.includes("/") ? "is in a folder" : undefined);
    if (problem !== undefined)
      throw new OperatorError("PACKAGE_SOURCE_UNUSABLE", `document ${JSON.stringify(stored)} ${problem}`);
    tree.set(stored, await stagedFile(path.resolve(folder, file), 0o600));
  }
  return [await archiveLayer("documentation.tar", { root: ".", rootMode: 0o700, tree }, call)];
}
