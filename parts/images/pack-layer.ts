import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Header, type Pack, pack } from "tar-stream";
import type { Descriptor } from "./documents.ts";
import { type LayerEntry, orderLayer } from "./layer.ts";

const gzipLevel = 6;

export interface PackedLayer {
  readonly descriptor: Descriptor;
  /** Digest of the tar before compression, for the image config. */
  readonly diffId: string;
}

/** Packs entries as a gzipped tar into `output`, reproducibly: sorted, time 0, owner 0, one gzip level, no name in it. */
export async function packLayer(
  entries: readonly LayerEntry[],
  output: string,
  options: { readonly signal: AbortSignal },
): Promise<PackedLayer> {
  const tar = pack();
  const plain = measure();
  const compressed = measure();
  // Node's gzip writes neither a name nor a time into the header.
  const written = pipeline(
    tar,
    plain.through,
    createGzip({ level: gzipLevel }),
    compressed.through,
    createWriteStream(output),
    { signal: options.signal },
  );
  await Promise.all([written, feed(tar, orderLayer(entries), options)]);
  return {
    descriptor: {
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: compressed.digest(),
      size: compressed.sizeBytes(),
    },
    diffId: plain.digest(),
  };
}

async function feed(
  tar: Pack,
  entries: readonly LayerEntry[],
  options: { readonly signal: AbortSignal },
): Promise<void> {
  try {
    for (const entry of entries) await addEntry(tar, entry, options);
    tar.finalize();
  } catch (error) {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function addEntry(tar: Pack, entry: LayerEntry, options: { readonly signal: AbortSignal }): Promise<void> {
  const common = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" } satisfies Partial<Header>;
  switch (entry.kind) {
    case "directory":
      tar.entry({ ...common, name: `${entry.path}/`, type: "directory", mode: entry.mode });
      return;
    case "link":
      tar.entry({ ...common, name: entry.path, type: "symlink", mode: 0o777, linkname: entry.target });
      return;
    case "bytes":
      tar.entry({ ...common, name: entry.path, mode: entry.mode }, Buffer.from(entry.bytes));
      return;
    case "file": {
      const { size } = await stat(entry.file);
      const sink = tar.entry({ ...common, name: entry.path, mode: entry.mode, size });
      await pipeline(createReadStream(entry.file, { highWaterMark: 1 << 20 }), sink, options);
    }
  }
}

function measure(): {
  readonly through: Transform;
  readonly digest: () => string;
  readonly sizeBytes: () => number;
} {
  const hash = createHash("sha256");
  let size = 0;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(undefined, chunk);
    },
  });
  return { through, digest: () => `sha256:${hash.digest("hex")}`, sizeBytes: () => size };
}
