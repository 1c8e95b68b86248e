import { withDeadline } from "../../lib/deadline.ts";
import type { Descriptor } from "../content/descriptor.ts";
import { type Digest, digestOf, parseDigest } from "../content/digest.ts";
import { describeMismatch, verifyStream } from "../content/verify-stream.ts";
import { type Asked, oddAnswer, wrongContent } from "./failures.ts";
import { type ClientContext, checkNames, hasBlob, smallCallMs } from "./pull.ts";
import { withRetries } from "./retry.ts";
import { discard } from "./transport.ts";

/** How a blob came to be in a repository: it was there, came from another repository of the registry, or went over the wire. */
export type BlobOutcome = "present" | "mounted" | "sent";

/** What the registry may take after the last byte before it answers: it hashes and moves the blob then. */
const storeMs = (sizeBytes: number): number => 120_000 + sizeBytes / 10_000;

/**
 * One POST for a place, one PUT with all bytes; a try that breaks begins again, since registries do not resume inside a blob.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
 */
export async function pushBlob(
  context: ClientContext,
  wanted: {
    readonly repository: string;
    readonly descriptor: Pick<Descriptor, "digest" | "size">;
    readonly open: () => AsyncIterable<Uint8Array>;
    readonly from?: string;
    readonly onSent?: (sentBytes: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<BlobOutcome> {
  const { repository, descriptor, signal } = wanted;
  const { digest, size } = descriptor;
  if (await hasBlob(context, { repository, digest, signal })) return "present";
  const what = `a place for blob ${digest} in ${repository}`;
  const asked = context.transport.asked(what);
  const scope = { repository, action: "push" } as const;
  // Each try may last as long as its bytes flow, so the time since the first one says nothing.
  const patient = { ...context, retry: { ...context.retry, deadlineMs: Number.POSITIVE_INFINITY } };
  return await withRetries(patient, { signal }, async () => {
    const url = await placeFor(context, wanted, what);
    if (url === undefined) return "mounted";
    url.searchParams.set("digest", digest);
    const stored = await context.transport.send({
      method: "PUT",
      url: url.href,
      scope,
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
      body: () => (size === 0 ? new Uint8Array() : verifiedBytes(wanted, asked)),
      answerWithinMs: storeMs(size),
      what,
      signal,
      accept: [201],
    });
    await discard(stored);
    return "sent";
  });
}

/** Where the bytes go; undefined where the registry took them from the other repository. */
async function placeFor(
  context: ClientContext,
  wanted: Parameters<typeof pushBlob>[1],
  what: string,
): Promise<URL | undefined> {
  const { repository, descriptor, from, signal } = wanted;
  if (from !== undefined) checkNames(from, descriptor.digest);
  const mount = from === undefined ? "" : `?mount=${descriptor.digest}&from=${encodeURIComponent(from)}`;
  const place = await context.transport.send({
    method: "POST",
    url: `${repository}/blobs/uploads/${mount}`,
    scope: { repository, action: "push" },
    headers: { "content-length": "0" },
    what,
    signal,
    accept: from === undefined ? [202] : [201, 202],
  });
  await discard(place);
  if (place.status === 201) return undefined;
  const location = place.header("location");
  if (location !== undefined && URL.canParse(location, place.url.href)) return new URL(location, place.url);
  throw oddAnswer(context.transport.asked(what), "it named no place");
}

async function* verifiedBytes(wanted: Parameters<typeof pushBlob>[1], asked: Asked): AsyncGenerator<Uint8Array> {
  const { descriptor, open, onSent } = wanted;
  const mismatch = (found: Parameters<typeof describeMismatch>[0]): Error =>
    wrongContent(asked, describeMismatch(found));
  let sentBytes = 0;
  for await (const chunk of verifyStream(open(), descriptor, { mismatch })) {
    sentBytes += chunk.length;
    onSent?.(sentBytes);
    yield chunk;
  }
}

export async function pushManifest(
  context: ClientContext,
  wanted: {
    readonly repository: string;
    readonly reference: string;
    readonly mediaType: string;
    readonly bytes: Uint8Array;
    readonly signal: AbortSignal;
  },
): Promise<Digest> {
  const { repository, reference, mediaType, bytes, signal } = wanted;
  const named = checkNames(repository, reference);
  const what = `a place for manifest ${repository}${named === undefined ? ":" : "@"}${reference}`;
  const asked = context.transport.asked(what);
  const digest = digestOf(bytes);
  if (named !== undefined && named !== digest) throw wrongContent(asked, `has the digest ${digest}`);
  return await withRetries(context, { signal }, () =>
    withDeadline(smallCallMs, { signal, what }, async (inner) => {
      const response = await context.transport.send({
        method: "PUT",
        url: `${repository}/manifests/${reference}`,
        scope: { repository, action: "push" },
        headers: { "content-type": mediaType },
        body: () => bytes,
        what,
        signal: inner,
        accept: [201],
      });
      await discard(response);
      const stored = parseDigest(response.header("docker-content-digest") ?? "");
      if (stored !== undefined && stored !== digest) throw wrongContent(asked, `was stored as ${stored}`);
      return digest;
    }),
  );
}
