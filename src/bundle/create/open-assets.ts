import { createHash } from "node:crypto";
import { fetch } from "undici";
import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Descriptor, Digest } from "../../oci/index.ts";
import { type AssetSource, assetName } from "../definition/load-definition.ts";
import { MEDIA } from "../format/names.ts";
import { openBundleFile } from "../open/bundle-file.ts";
import { readRange } from "../open/read-range.ts";
import type { AssetInput, BlobSource } from "./options.ts";

const HEADERS_MS = 30_000;

/**
 * Finds the boot assets of a definition: files are hashed where they lie, URLs are asked for their size. Their bytes are read
 * when the bundle is written.
 *
 * @throws OperatorError BUNDLE_ASSET_CHANGED for a file with another digest than the definition says, FILE_UNREADABLE,
 *   BUNDLE_SOURCE_FAILED for a URL that does not answer
 */
export async function openAssets(
  assets: readonly AssetSource[],
  options: { readonly signal: AbortSignal },
): Promise<readonly AssetInput[]> {
  const inputs: AssetInput[] = [];
  for (const asset of assets) {
    const { kind, architecture, schematic, source, digest } = asset;
    const blob =
      "path" in source ? await fileBlob(source.path, digest, options) : await urlBlob(source.url, digest, options);
    const name = assetName(asset);
    inputs.push({ name, kind, architecture, ...(schematic === undefined ? {} : { schematic }), blob });
  }
  return inputs;
}

async function fileBlob(
  path: string,
  digest: string | undefined,
  options: { readonly signal: AbortSignal },
): Promise<BlobSource> {
  const file = await openBundleFile(path);
  try {
    const hash = createHash("sha256");
    for await (const chunk of readRange(file, { start: 0, end: file.sizeBytes }, options)) hash.update(chunk);
    const found = `sha256:${hash.digest("hex")}`;
    if (digest !== undefined && found !== digest) {
      throw new OperatorError(
        "BUNDLE_ASSET_CHANGED",
        `${path} has the digest ${found}, and bundle.yaml wants ${digest}`,
        {
          where: { file: path },
          next: ["bring the right file, or correct its digest in bundle.yaml"],
        },
      );
    }
    return { descriptor: descriptorOf(found, file.sizeBytes), open: (opened) => readFileWhole(path, opened) };
  } finally {
    await file.close();
  }
}

async function* readFileWhole(path: string, options: { readonly signal: AbortSignal }): AsyncGenerator<Uint8Array> {
  const file = await openBundleFile(path);
  try {
    yield* readRange(file, { start: 0, end: file.sizeBytes }, options);
  } finally {
    await file.close();
  }
}

async function urlBlob(
  url: string,
  digest: string | undefined,
  { signal }: { readonly signal: AbortSignal },
): Promise<BlobSource> {
  if (digest === undefined) throw new Error("the schema lets no url without a digest through");
  const response = await ask(url, "HEAD", signal);
  const size = Number(response.headers.get("content-length") ?? Number.NaN);
  if (!Number.isSafeInteger(size) || size <= 0) throw failed(url, "it does not say how large the file is");
  return { descriptor: descriptorOf(digest, size), open: (options) => download(url, options.signal) };
}

async function* download(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { body } = await ask(url, "GET", signal);
  try {
    for await (const chunk of body ?? []) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OperatorError ? error : failed(url, "the connection was cut", error);
  }
}

/** Whoever reads the answer verifies it against the digest, so where redirects lead does not matter. */
async function ask(url: string, method: "HEAD" | "GET", signal: AbortSignal): ReturnType<typeof fetch> {
  try {
    const response = await withDeadline(HEADERS_MS, { signal, what: url }, async (inner) => {
      // The deadline is for the headers only: the body is bound to the caller's signal below.
      const stop = new AbortController();
      const onInner = (): void => stop.abort(inner.reason);
      inner.addEventListener("abort", onInner, { once: true });
      try {
        return await fetch(url, {
          method,
          // What is hashed must come as it lies there, not unpacked on the way.
          headers: { "accept-encoding": "identity" },
          signal: AbortSignal.any([signal, stop.signal]),
        });
      } finally {
        inner.removeEventListener("abort", onInner);
      }
    });
    if (response.status === 200) return response;
    await response.body?.cancel();
    throw failed(url, `it answered ${response.status}`, undefined, response.status >= 500 ? "same" : "later");
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OperatorError ? error : failed(url, "it cannot be reached", error);
  }
}

function descriptorOf(digest: string, size: number): Descriptor {
  return { mediaType: MEDIA.file, digest: digest as Digest, size };
}

function failed(url: string, reason: string, cause?: unknown, retry: "same" | "later" = "same"): OperatorError {
  // A URL may carry a token in its query or a password before its host; neither is anyone's business.
  const { protocol, host, pathname } = new URL(url);
  return new OperatorError("BUNDLE_SOURCE_FAILED", `boot asset ${protocol}//${host}${pathname}: ${reason}`, {
    next: ["check the url in bundle.yaml, or fetch the file by hand and give its path"],
    retry,
    cause,
  });
}
