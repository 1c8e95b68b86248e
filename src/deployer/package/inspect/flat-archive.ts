import { OperatorError } from "../../../lib/errors/index.ts";
import { shown } from "../archive/package-content.ts";
import { TarError } from "../archive/tar-header.ts";
import { tarInStream } from "../archive/tar-input.ts";
import { walkTar } from "../archive/walk-tar.ts";
import type { OpenPackage } from "../open-package.ts";
import { pathProblem } from "../path-rules.ts";

export interface FlatFile {
  readonly name: string;
  readonly bytes: Buffer;
}

const maxFiles = 10_000;
const fileLimitBytes = 128 << 20;

/**
 * The files of an archive in a package that has no folders (`sboms.tar`, `documentation.tar`), one after the other; nothing where the
 * package has no such archive.
 *
 * @param options.want - by name; others pass unread
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_TOO_LARGE, PACKAGE_DAMAGED
 */
export async function* flatArchive(
  pkg: Pick<OpenPackage, "files" | "openFile">,
  path: string,
  options: { readonly want: (name: string) => boolean; readonly signal: AbortSignal },
): AsyncGenerator<FlatFile> {
  if (!pkg.files.has(path)) return;
  const input = tarInStream(pkg.openFile(path, options));
  const seen = new Set<string>();
  try {
    for await (const { name: stored, type, sizeBytes } of walkTar(input)) {
      const name = stored.replace(/^(\.\/)+/, "");
      if (type === "folder" && /^\.?\/?$/.test(name)) continue;
      const problem = type === "file" ? pathProblem(name) : "is not a file";
      if (problem !== undefined || name.includes("/") || seen.has(name))
        throw new OperatorError(
          "PACKAGE_INVALID",
          `${path} holds ${shown(name)}, which ${problem ?? "cannot be there"}`,
        );
      seen.add(name);
      if (seen.size > maxFiles || sizeBytes > fileLimitBytes)
        throw new OperatorError("PACKAGE_TOO_LARGE", `${path} has more than ${maxFiles} files, or one beyond 128 MiB`);
      if (options.want(name)) yield { name, bytes: await input.take(sizeBytes) };
    }
  } catch (error) {
    if (error instanceof TarError)
      throw new OperatorError("PACKAGE_INVALID", `${path} ${error.message}`, { cause: error });
    throw error;
  } finally {
    await input.close();
  }
}
