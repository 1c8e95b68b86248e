import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { request } from "undici";
import type { AssetInput, LoadedDefinition } from "../../bundle/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { type Descriptor, parseDigest } from "../../oci/index.ts";

type AssetSource = LoadedDefinition["assets"][number];

const readBytes = 1024 * 1024;

/**
 * Boot assets as blobs: a file is hashed now, a URL is asked for its size and must say its digest. Bytes are verified again as
 * they pass into the bundle.
 *
 * @throws OperatorError ASSET_DIGEST_DIFFERS, ASSET_UNREACHABLE
 */
export async function assetInputs(
  assets: readonly AssetSource[],
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly AssetInput[]> {
  return await Promise.all(assets.map(async (asset) => await assetInput(asset, signal)));
}

async function assetInput(asset: AssetSource, signal: AbortSignal): Promise<AssetInput> {
  const { kind, architecture, schematic, source } = asset;
  const place = "path" in source ? source.path : new URL(source.url).pathname;
  const short = schematic === undefined ? "" : `-${schematic.slice(0, 12)}`;
  return {
    name: `${kind}-${architecture}${short}-${basename(place)}`,
    kind,
    architecture,
    ...(schematic === undefined ? {} : { schematic }),
    blob:
      "path" in source
        ? await fileBlob(source.path, asset.digest, signal)
        : await urlBlob(source.url, asset.digest, signal),
  };
}

async function fileBlob(path: string, wanted: string | undefined, signal: AbortSignal): Promise<AssetInput["blob"]> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: readBytes, signal })) hash.update(chunk as Buffer);
  const digest = `sha256:${hash.digest("hex")}`;
  if (wanted !== undefined && wanted !== digest) {
    throw new OperatorError("ASSET_DIGEST_DIFFERS", `${path} is not the file that bundle.yaml means`, {
      where: { file: path },
      problems: [{ message: `wanted ${wanted}` }, { message: `found ${digest}` }],
      next: ["copy the file again, or correct its digest in bundle.yaml"],
    });
  }
  const descriptor = descriptorOf(digest, (await stat(path)).size);
  return {
    descriptor,
    open: (options) => createReadStream(path, { highWaterMark: readBytes, signal: options.signal }),
  };
}

async function urlBlob(url: string, digest: string | undefined, signal: AbortSignal): Promise<AssetInput["blob"]> {
  if (digest === undefined) throw new Error(`${url}: the schema asks for a digest`);
  const { headers } = await ask(url, "HEAD", signal);
  const size = Number(headers["content-length"]);
  if (!Number.isSafeInteger(size) || size <= 0) throw unreachable(url, "the server does not say how large the file is");
  return {
    descriptor: descriptorOf(digest, size),
    open: async function* (options) {
      const { body } = await ask(url, "GET", options.signal);
      yield* body as AsyncIterable<Uint8Array>;
    },
  };
}

function descriptorOf(text: string, size: number): Descriptor {
  const digest = parseDigest(text);
  if (digest === undefined) throw new Error(`${text}: the schema asks for a digest`);
  return { mediaType: "application/octet-stream", digest, size };
}

async function ask(url: string, method: "HEAD" | "GET", signal: AbortSignal) {
  try {
    const response = await request(url, { method, signal });
    if (response.statusCode === 200) return response;
    await response.body.dump();
    throw unreachable(url, `HTTP status ${response.statusCode}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OperatorError) throw error;
    throw unreachable(url, error instanceof Error ? error.message : String(error));
  }
}

function unreachable(url: string, reason: string): OperatorError {
  return new OperatorError("ASSET_UNREACHABLE", `${url} cannot be fetched: ${reason}`, {
    next: ["check the url in bundle.yaml, or fetch the file by hand and name its path"],
    retry: "later",
  });
}
