import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteFileOf } from "./archive/byte-file.ts";
import type { PackageContent } from "./archive/package-content.ts";
import { tarInFile } from "./archive/tar-input.ts";
import type { ComponentArchive } from "./component-files.ts";

/** Archives up to this are held in memory where their place gives no parts of them. */
const inMemoryBytes = 8 << 20;

/**
 * The archive of a component where it lies: in place where parts of it can be read, else copied once into memory or a private folder.
 *
 * @param file.whole - verified as it passes
 * @param options.onClose - takes what must be done when the package is closed
 */
export async function componentArchive(
  content: PackageContent,
  file: {
    readonly path: string;
    readonly sizeBytes: number;
    readonly whole: (call: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  },
  options: {
    readonly signal: AbortSignal;
    readonly parent?: string;
    readonly onClose: (close: () => Promise<void>) => void;
  },
): Promise<ComponentArchive> {
  const { whole } = file;
  const { readAt } = content;
  if (content.isPrivate === true && readAt !== undefined) {
    const own = {
      label: file.path,
      sizeBytes: file.sizeBytes,
      read: (offset: number, length: number) => readAt(file.path, offset, length),
      stream: (range: { readonly start: number; readonly end: number }, call: { readonly signal: AbortSignal }) =>
        content.open(file.path, { ...range, ...call }),
      close: () => Promise.resolve(),
    };
    return { input: (call) => tarInFile(own, call), part: (range) => own.stream(range, range) };
  }
  if (content.canSeek)
    return { whole, part: ({ start, end, signal }) => content.open(file.path, { start, end, signal }) };
  if (file.sizeBytes <= inMemoryBytes) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of whole(options)) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks);
    return { whole: () => once(bytes), part: ({ start, end }) => once(bytes.subarray(start, end)) };
  }
  const folder = await mkdtemp(join(options.parent ?? tmpdir(), `skerry-package-${process.pid}-`));
  const handle = await open(join(folder, "component.tar"), "wx+", 0o600);
  options.onClose(async () => {
    await handle.close();
    await rm(folder, { recursive: true, force: true });
  });
  for await (const chunk of whole(options)) await handle.appendFile(chunk);
  const copy = byteFileOf(handle, file.path, file.sizeBytes);
  return {
    whole: ({ signal }) => copy.stream({ start: 0, end: file.sizeBytes }, { signal }),
    part: ({ start, end, signal }) => copy.stream({ start, end }, { signal }),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
