import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { OperatorError } from "../../lib/errors/index.ts";
import { pathProblem } from "./path-rules.ts";
import { type TarEntry, writeTar } from "./write-tar.ts";

/** A component carries manifests only; what is larger carries something else. */
export const componentLimitBytes = 64 << 20;

/** Name of the stored file for the manifest's file number `index`. */
export const manifestFile = (manifest: string, index: number): string => `${manifest}-${index}.yaml`;

/**
 * The archive of a component: its folder, then `manifests/` with the files in lexical order.
 *
 * @param files - by their stored names, `<manifest>-<i>.yaml`
 */
export function writeComponentTar(component: string, files: ReadonlyMap<string, Uint8Array>): Buffer {
  const names = [...files.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const entries = names.map((name): TarEntry => {
    const bytes = files.get(name);
    return { path: `${component}/manifests/${name}`, ...(bytes === undefined ? {} : { bytes }) };
  });
  return writeTar([{ path: component }, { path: `${component}/manifests` }, ...entries]);
}

/**
 * Reads a component's archive: every entry must lie under the component's own folder, once, and be a file or a folder.
 *
 * @param bytes - whole and already checked against its digest; at most 64 MiB, so nothing here can expand beyond that
 * @returns the files by their path below the component's folder, `manifests/web-0.yaml`
 * @throws OperatorError PACKAGE_INVALID
 */
export async function readComponentTar(component: string, bytes: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const invalid = (what: string, cause?: unknown) =>
    new OperatorError("PACKAGE_INVALID", `the archive of component ${component} ${what}`, { cause });
  const files = new Map<string, Uint8Array>();
  const seen = new Set<string>();
  const archive = Readable.from([bytes]).pipe(extract());
  try {
    for await (const entry of archive) {
      const { type } = entry.header;
      const path = entry.header.name.replace(/\/$/, "");
      const shown = JSON.stringify(path.slice(0, 120));
      const problem = pathProblem(path);
      if (problem !== undefined) throw invalid(`holds ${shown}, which ${problem}`);
      if (type !== "file" && type !== "directory") throw invalid(`holds ${shown}, which is a ${type}`);
      if (path !== component && !path.startsWith(`${component}/`))
        throw invalid(`holds ${shown} outside the folder ${component}`);
      if (seen.has(path)) throw invalid(`holds ${shown} twice`);
      seen.add(path);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      if (type === "file") files.set(path.slice(component.length + 1), Buffer.concat(chunks));
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw invalid("is not a whole tar archive", error);
  }
  if (!seen.has(component)) throw invalid(`has no folder ${component}`);
  return files;
}
