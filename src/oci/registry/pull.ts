import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Descriptor } from "../content/descriptor.ts";
import { type Digest, digestOf, parseDigest } from "../content/digest.ts";
import { manifestLimitBytes } from "../content/manifest.ts";
import { manifestMediaTypes, mediaTypes } from "../content/media-types.ts";
import { isRepository, isTag } from "../content/reference.ts";
import { describeMismatch, verifyStream } from "../content/verify-stream.ts";
import { type Asked, oddAnswer, wrongContent } from "./failures.ts";
import { readBounded, TooLarge } from "./read-bounded.ts";
import { countAttempts, type RetryContext, withRetries } from "./retry.ts";
import { discard, type RegistryResponse, type Transport } from "./transport.ts";

export interface ClientContext extends RetryContext {
  readonly transport: Transport;
}

/** Calls that carry little have this long, so that an answer given drop by drop ends too. */
export const smallCallMs = 60_000;
/** This much of a blob makes a broken connection one that was worth it. */
const progressBytes = 1024 * 1024;

export async function fetchManifest(
  context: ClientContext,
  wanted: { readonly repository: string; readonly reference: string; readonly signal: AbortSignal },
): Promise<{ readonly descriptor: Descriptor; readonly bytes: Uint8Array }> {
  const { repository, reference, signal } = wanted;
  const digest = checkNames(repository, reference);
  const what = `manifest ${repository}${digest === undefined ? ":" : "@"}${reference}`;
  const asked = context.transport.asked(what);
  return await withRetries(context, { signal }, () =>
    withDeadline(smallCallMs, { signal, what }, async (inner) => {
      const response = await context.transport.send({
        method: "GET",
        url: `${repository}/manifests/${reference}`,
        scope: { repository, action: "pull" },
        headers: { accept: manifestMediaTypes.join(", ") },
        what,
        signal: inner,
        accept: [200],
      });
      const bytes = await readManifest(context.transport, response, asked, inner);
      const found = digestOf(bytes);
      const promised = digest ?? parseDigest(response.header("docker-content-digest") ?? "");
      if (promised !== undefined && promised !== found)
        throw wrongContent(asked, `has the digest ${found} instead of ${promised}`);
      return { descriptor: { mediaType: mediaTypeOf(response, bytes), digest: found, size: bytes.length }, bytes };
    }),
  );
}

/** What a tag or digest points to, by its digest; undefined where there is nothing. */
export async function headManifest(
  context: ClientContext,
  wanted: { readonly repository: string; readonly reference: string; readonly signal: AbortSignal },
): Promise<Digest | undefined> {
  const { repository, reference, signal } = wanted;
  const digest = checkNames(repository, reference);
  const what = `manifest ${repository}${digest === undefined ? ":" : "@"}${reference}`;
  return await withRetries(context, { signal }, () =>
    withDeadline(smallCallMs, { signal, what }, async (inner) => {
      const response = await context.transport.send({
        method: "HEAD",
        url: `${repository}/manifests/${reference}`,
        scope: { repository, action: "pull" },
        headers: { accept: manifestMediaTypes.join(", ") },
        what,
        signal: inner,
        accept: [200, 404],
      });
      await discard(response);
      if (response.status === 404) return undefined;
      const found = digest ?? parseDigest(response.header("docker-content-digest") ?? "");
      // The header is optional; without it the bytes tell.
      return found ?? (await fetchManifest(context, wanted)).descriptor.digest;
    }),
  );
}

export async function* fetchBlob(
  context: ClientContext,
  wanted: {
    readonly repository: string;
    readonly descriptor: Pick<Descriptor, "digest" | "size">;
    readonly start: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { repository, descriptor, start } = wanted;
  checkNames(repository, descriptor.digest);
  const asked = context.transport.asked(`blob ${descriptor.digest} of ${repository}`);
  const bytes = resumingBytes(context, { ...wanted, asked });
  if (start > 0) yield* bytes;
  else yield* verifyStream(bytes, descriptor, { mismatch: (found) => wrongContent(asked, describeMismatch(found)) });
}

export async function hasBlob(
  context: ClientContext,
  wanted: { readonly repository: string; readonly digest: Digest; readonly signal: AbortSignal },
): Promise<boolean> {
  const { repository, digest, signal } = wanted;
  checkNames(repository, digest);
  const what = `blob ${digest} of ${repository}`;
  return await withRetries(context, { signal }, () =>
    withDeadline(smallCallMs, { signal, what }, async (inner) => {
      const url = `${repository}/blobs/${digest}`;
      const scope = { repository, action: "pull" } as const;
      const response = await context.transport.send({
        method: "HEAD",
        url,
        scope,
        what,
        signal: inner,
        accept: [200, 404],
      });
      await discard(response);
      return response.status === 200;
    }),
  );
}

/** Guards what becomes part of a URL. @returns the reference as a digest, where it is one */
export function checkNames(repository: string, reference: string): Digest | undefined {
  const digest = parseDigest(reference);
  if (isRepository(repository) && (digest !== undefined || isTag(reference))) return digest;
  throw new OperatorError("REFERENCE_INVALID", `${JSON.stringify(`${repository}:${reference}`)} is not an image name`, {
    next: ["correct the name"],
  });
}

/** The bytes from `start` to the size of the blob, over as many connections as it takes. */
async function* resumingBytes(
  context: ClientContext,
  wanted: {
    readonly repository: string;
    readonly descriptor: Pick<Descriptor, "digest" | "size">;
    readonly start: number;
    readonly signal: AbortSignal;
    readonly asked: Asked;
  },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { descriptor, asked, signal } = wanted;
  const attempts = countAttempts(context, { signal });
  let position = wanted.start;
  let marked = position;
  while (position < descriptor.size) {
    try {
      for await (const chunk of await openAt(context, { ...wanted, position })) {
        position += chunk.length;
        if (position - marked >= progressBytes) {
          marked = position;
          attempts.progressed();
        }
        if (position > descriptor.size)
          throw wrongContent(asked, `is longer than the ${descriptor.size} bytes promised`);
        yield chunk;
      }
      if (position < descriptor.size) throw endedEarly(asked, position, descriptor.size);
    } catch (error) {
      await attempts.failed(context.transport.failure(error, asked, signal));
    }
  }
}

async function openAt(
  context: ClientContext,
  wanted: {
    readonly repository: string;
    readonly descriptor: Pick<Descriptor, "digest" | "size">;
    readonly position: number;
    readonly signal: AbortSignal;
    readonly asked: Asked;
  },
): Promise<AsyncIterable<Uint8Array>> {
  const { repository, descriptor, position, signal, asked } = wanted;
  const response = await context.transport.send({
    method: "GET",
    url: `${repository}/blobs/${descriptor.digest}`,
    scope: { repository, action: "pull" },
    headers: position === 0 ? {} : { range: `bytes=${position}-${descriptor.size - 1}` },
    what: asked.what,
    signal,
    accept: position === 0 ? [200] : [200, 206, 416],
  });
  const length = response.header("content-length");
  const isPart = response.status === 206;
  const expectedBytes = isPart ? descriptor.size - position : descriptor.size;
  const hasOtherSize = response.status === 416 || (length !== undefined && Number(length) !== expectedBytes);
  if (hasOtherSize || (isPart && !response.header("content-range")?.startsWith(`bytes ${position}-`))) {
    response.body.destroy();
    if (isPart) throw oddAnswer(asked, "it answered another range than was asked for");
    throw wrongContent(asked, `does not have the ${descriptor.size} bytes promised`);
  }
  // A server without ranges starts again; what was had before is skipped, within the same bounds.
  return isPart || position === 0 ? response.body : withoutFirst(response.body, position);
}

async function* withoutFirst(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of source) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function readManifest(
  transport: Transport,
  response: RegistryResponse,
  asked: Asked,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await readBounded(response.body, manifestLimitBytes);
  } catch (error) {
    if (error instanceof TooLarge) {
      throw new OperatorError("MANIFEST_INVALID", `registry ${asked.registry}: ${asked.what} is larger than 4 MiB`, {
        next: ["check what was pushed under this name"],
        retry: "later",
        cause: error,
      });
    }
    throw transport.failure(error, asked, signal);
  }
}

/** The manifest's own media type wins, since it is covered by the digest; a header is not. */
function mediaTypeOf(response: RegistryResponse, bytes: Uint8Array): string {
  const declared = declaredMediaType(bytes);
  const header = response.header("content-type")?.split(";")[0]?.trim();
  return declared ?? (header !== undefined && header.length < 256 && header !== "" ? header : mediaTypes.ociManifest);
}

function declaredMediaType(bytes: Uint8Array): string | undefined {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as { mediaType?: unknown } | null;
    return typeof json?.mediaType === "string" ? json.mediaType : undefined;
  } catch {
    // Not JSON: parseManifest says so to whoever wants to read it.
    return undefined;
  }
}

function endedEarly(asked: Asked, position: number, sizeBytes: number): OperatorError {
  return new OperatorError(
    "REGISTRY_UNREACHABLE",
    `registry ${asked.registry}: ${asked.what} ended after ${position} of ${sizeBytes} bytes`,
    { next: ["run the same command again; what was fetched is kept"], retry: "same" },
  );
}
