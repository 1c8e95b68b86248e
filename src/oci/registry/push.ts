import { withDeadline } from "../../lib/deadline.ts";
import type { Descriptor } from "../content/descriptor.ts";
import { type Digest, digestOf, parseDigest } from "../content/digest.ts";
import { describeMismatch, verifyStream } from "../content/verify-stream.ts";
import { oddAnswer, wrongContent } from "./failures.ts";
import { type ClientContext, checkNames, hasBlob, smallCallMs } from "./pull.ts";
import { withRetries } from "./retry.ts";
import { discard } from "./transport.ts";

/** One POST for a place, one PUT with all bytes. @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put */
export async function pushBlob(
  context: ClientContext,
  wanted: {
    readonly repository: string;
    readonly descriptor: Pick<Descriptor, "digest" | "size">;
    readonly open: () => AsyncIterable<Uint8Array>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { repository, descriptor, open, signal } = wanted;
  const { digest, size } = descriptor;
  if (await hasBlob(context, { repository, digest, signal })) return;
  const what = `a place for blob ${digest} in ${repository}`;
  const asked = context.transport.asked(what);
  const scope = { repository, action: "push" } as const;
  const mismatch = (found: Parameters<typeof describeMismatch>[0]): Error =>
    wrongContent(asked, describeMismatch(found));
  await withRetries(context, { signal }, async () => {
    const place = await context.transport.send({
      method: "POST",
      url: `${repository}/blobs/uploads/`,
      scope,
      headers: { "content-length": "0" },
      what,
      signal,
      accept: [202],
    });
    await discard(place);
    const location = place.header("location");
    if (location === undefined || !URL.canParse(location, place.url.href)) throw oddAnswer(asked, "it named no place");
    const url = new URL(location, place.url);
    url.searchParams.set("digest", digest);
    const stored = await context.transport.send({
      method: "PUT",
      url: url.href,
      scope,
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
      body: () => (size === 0 ? new Uint8Array() : verifyStream(open(), descriptor, { mismatch })),
      what,
      signal,
      accept: [201],
    });
    await discard(stored);
  });
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
