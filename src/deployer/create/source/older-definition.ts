import type { PackageDefinition } from "../../package/definition.ts";
import { openPackage } from "../../package/open-package.ts";

/**
 * The definition of a package that is already made, to make another as the difference to it. Who signed it does not matter: it only
 * says what is left out.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED, FILE_UNREADABLE
 */
export async function olderDefinition(
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<PackageDefinition> {
  const older = await openPackage({ path }, { signal, trust: { allowUnsigned: true }, keep: "definition" });
  try {
    return older.definition;
  } finally {
    await older.close();
  }
}
