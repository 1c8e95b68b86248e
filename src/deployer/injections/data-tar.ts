import { posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { OperatorError } from "../../lib/errors/index.ts";
import type { ComponentEntry, ComponentFiles } from "../package/open-package.ts";

/** What an injection brings: names in the target folder, with where they lie in the component. */
export interface InjectionData {
  readonly entries: readonly { readonly name: string; readonly path: string; readonly entry: ComponentEntry }[];
  /** Of all files together. */
  readonly sizeBytes: number;
}

/**
 * Finds the data of an injection: what a folder holds, or the one file.
 *
 * @param index - the injection's place in its component
 * @throws OperatorError INJECTION_INVALID
 */
export function injectionData(files: ComponentFiles, index: number): InjectionData {
  const folder = `data/${index}/`;
  const below = [...files.entries].filter(([path]) => path.startsWith(folder));
  const roots = new Set(below.map(([path]) => path.slice(folder.length).split("/")[0] ?? ""));
  const [root, ...others] = roots;
  if (root === undefined || others.length > 0) {
    throw new OperatorError(
      "INJECTION_INVALID",
      `the component does not carry the data of its injection ${index + 1}`,
      {
        next: ["make the package again"],
        retry: "later",
      },
    );
  }
  const isFolder =
    files.entries.get(`${folder}${root}`)?.type === "folder" ||
    below.some(([path]) => path.startsWith(`${folder}${root}/`));
  const base = isFolder ? `${folder}${root}` : folder.slice(0, -1);
  const entries = below
    .map(([path, entry]) => ({ name: posix.relative(base, path), path, entry }))
    .filter(({ name }) => name !== "");
  return { entries, sizeBytes: entries.reduce((sum, { entry }) => sum + entry.sizeBytes, 0) };
}

/** The data as a tar for the container's own `tar -x`; owned by whoever unpacks it. */
export function dataTar(
  files: ComponentFiles,
  data: InjectionData,
  options: {
    readonly compress: boolean;
    readonly signal: AbortSignal;
    /** Bytes of files that went into it so far. */
    readonly onBytes: (bytes: number) => void;
  },
): AsyncIterable<Uint8Array> {
  const { signal } = options;
  let bytes = 0;
  return tarOf(
    data.entries.map(({ name, path, entry }) => ({
      name,
      entry,
      open: async function* () {
        for await (const chunk of files.open(path, { signal })) {
          bytes += chunk.length;
          options.onBytes(bytes);
          yield chunk;
        }
      },
    })),
    options,
  );
}

/** A tar with one small file. */
export function fileTar(
  name: string,
  content: Uint8Array,
  options: { readonly compress: boolean; readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  const entry: ComponentEntry = { type: "file", sizeBytes: content.length, mode: 0o644 };
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield content;
  };
  return tarOf([{ name, entry, open }], options);
}

interface TarEntry {
  readonly name: string;
  readonly entry: ComponentEntry;
  readonly open: () => AsyncIterable<Uint8Array>;
}

async function* tarOf(
  entries: readonly TarEntry[],
  { compress, signal }: { readonly compress: boolean; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const fill = async (): Promise<void> => {
    for (const { name, entry, open } of entries) {
      signal.throwIfAborted();
      const header = { name, mode: entry.mode, mtime: new Date(0), uid: 0, gid: 0 };
      if (entry.type === "file") {
        await pipeline(Readable.from(open()), tar.entry({ ...header, size: entry.sizeBytes }), { signal });
      } else if (entry.type === "folder") tar.entry({ ...header, name: `${name}/`, type: "directory" });
      else tar.entry({ ...header, type: "symlink", linkname: entry.linkTarget ?? "" });
    }
    tar.finalize();
  };
  // What goes wrong with a file comes out of the end that is read.
  fill().catch((error: unknown) => tar.destroy(error as Error));
  try {
    if (compress) {
      const gzip = createGzip();
      const squeezed = pipeline(tar, gzip);
      squeezed.catch(() => undefined);
      for await (const chunk of gzip) yield chunk as Uint8Array;
      await squeezed;
    } else for await (const chunk of tar) yield chunk as Uint8Array;
  } finally {
    tar.destroy();
  }
}
