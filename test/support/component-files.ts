import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import type { ComponentEntry, ComponentFiles } from "../../src/deployer/package/open-package.ts";

type Files = ReadonlyMap<string, Buffer>;

/** The files of a component out of its archive as it is in a package. */
export async function componentOfTar(tar: Uint8Array, component: string): Promise<ComponentFiles> {
  const files = new Map<string, Buffer>();
  const entries = new Map<string, ComponentEntry>();
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const path = entry.header.name.slice(component.length + 1).replace(/\/$/, "");
    if (path === "") continue;
    const isFile = entry.header.type === "file";
    entries.set(path, {
      type: isFile ? "file" : "folder",
      sizeBytes: isFile ? (entry.header.size ?? 0) : 0,
      mode: entry.header.mode ?? 0,
    });
    if (isFile) files.set(path, Buffer.concat(chunks));
  }
  return inMemory(entries, files);
}

/** The files below a folder, as a component that carries them would have them. */
export async function componentOfFolder(folder: string): Promise<ComponentFiles> {
  const files = new Map<string, Buffer>();
  const entries = new Map<string, ComponentEntry>();
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of found.sort((one, other) =>
    join(one.parentPath, one.name) < join(other.parentPath, other.name) ? -1 : 1,
  )) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(folder, full);
    const { size, mode } = await stat(full);
    entries.set(path, {
      type: entry.isDirectory() ? "folder" : "file",
      sizeBytes: entry.isDirectory() ? 0 : size,
      mode: mode & 0o777,
    });
    if (!entry.isDirectory()) files.set(path, await readFile(full));
  }
  return inMemory(entries, files);
}

function inMemory(entries: ReadonlyMap<string, ComponentEntry>, files: Files): ComponentFiles {
  const bytesOf = (path: string): Buffer => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`the component has no file ${path}`);
    return bytes;
  };
  return {
    entries,
    read: async (path, { limitBytes }) => {
      const bytes = bytesOf(path);
      if (bytes.length > limitBytes) throw new Error(`${path} is larger than ${limitBytes} bytes`);
      return bytes;
    },
    // In pieces, so that whoever reads must put them together.
    open: async function* (path) {
      const bytes = bytesOf(path);
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
  };
}
