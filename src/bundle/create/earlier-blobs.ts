import { isOperatorError } from "../../lib/errors/index.ts";
import type { Digest } from "../../oci/index.ts";
import { type BundleFile, openBundleFile } from "../open/bundle-file.ts";
import { readRange } from "../open/read-range.ts";
import { scanBundle } from "../open/scan.ts";
import type { BlobSource } from "./options.ts";
import { partialNames } from "./partial-file.ts";
import { readSidecar } from "./sidecar.ts";

/** Blobs that lie in files of earlier runs. They are verified like any other as they are copied. */
export interface EarlierBlobs {
  readonly sourceOf: (digest: string) => BlobSource | undefined;
  readonly close: () => Promise<void>;
}

/**
 * Finds what can be copied instead of fetched: the bundle that this run will replace, and a partial file that was laid out for
 * another index. Neither has to be usable; what cannot be read is as if it were not there.
 */
export async function earlierBlobs(output: string, options: { readonly signal: AbortSignal }): Promise<EarlierBlobs> {
  const files: BundleFile[] = [];
  const places = new Map<string, { readonly file: BundleFile; readonly offset: number; readonly sizeBytes: number }>();
  const names = partialNames(output);

  const sidecar = await readSidecar(names.earlierSidecar);
  const partial = sidecar === undefined ? undefined : await opened(names.earlier);
  if (partial !== undefined) {
    files.push(partial);
    for (const { digest, offset, sizeBytes } of sidecar?.finished ?? []) {
      if (offset + sizeBytes <= partial.sizeBytes) places.set(digest, { file: partial, offset, sizeBytes });
    }
  }
  const bundle = await opened(output);
  if (bundle !== undefined) {
    files.push(bundle);
    for (const [digest, { offset, sizeBytes }] of await entriesOf(bundle, options)) {
      places.set(digest, { file: bundle, offset, sizeBytes });
    }
  }
  return {
    sourceOf: (digest) => {
      const place = places.get(digest);
      if (place === undefined) return undefined;
      return {
        descriptor: { mediaType: "", digest: digest as Digest, size: place.sizeBytes },
        open: ({ signal }) =>
          readRange(place.file, { start: place.offset, end: place.offset + place.sizeBytes }, { signal }),
      };
    },
    close: async () => {
      await Promise.all(files.map(async (file) => await file.close()));
    },
  };
}

async function opened(path: string): Promise<BundleFile | undefined> {
  try {
    return await openBundleFile(path);
  } catch (error) {
    if (isOperatorError(error, "FILE_UNREADABLE")) return undefined;
    throw error;
  }
}

async function entriesOf(
  file: BundleFile,
  options: { readonly signal: AbortSignal },
): Promise<Awaited<ReturnType<typeof scanBundle>>["blobs"]> {
  try {
    return (await scanBundle(file, options)).blobs;
  } catch (error) {
    options.signal.throwIfAborted();
    if (isOperatorError(error)) return new Map();
    throw error;
  }
}
