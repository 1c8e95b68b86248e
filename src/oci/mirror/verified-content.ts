import { OperatorError } from "../../lib/errors/index.ts";
import { recycleChunk } from "../content/chunk-pool.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { Digest } from "../content/digest.ts";
import { type ContentMismatch, describeMismatch, verifyStream } from "../content/verify-stream.ts";

/** The bytes of a store behind a gate: nobody gets the last chunk of a blob whose digest has not been checked once. */
export interface VerifiedContent {
  readonly open: (
    content: { readonly digest: Digest; readonly size: number },
    options: { readonly start: number; readonly end: number; readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>;
  /** The error that a digest was found damaged with. */
  readonly damage: (digest: Digest) => OperatorError | undefined;
}

/**
 * Checks each digest once per process, in a pass of its own beside the first one that serves it: sixteen nodes that pull a layer
 * at once cost one hash, and a slow node holds up nobody.
 *
 * @param options.signal - ends checks under way when the mirror closes
 */
export function verifiedContent(store: ContentStore, options: { readonly signal: AbortSignal }): VerifiedContent {
  const good = new Set<Digest>();
  const damaged = new Map<Digest, OperatorError>();
  const running = new Map<Digest, Promise<void>>();

  async function check(content: { readonly digest: Digest; readonly size: number }): Promise<void> {
    const { digest } = content;
    const mismatch = (found: ContentMismatch): Error => {
      const error = damageError(digest, describeMismatch(found));
      damaged.set(digest, error);
      return error;
    };
    try {
      for await (const chunk of verifyStream(store.open(digest, options), content, { mismatch })) recycleChunk(chunk);
      good.add(digest);
    } finally {
      running.delete(digest);
    }
  }

  function verdict(content: { readonly digest: Digest; readonly size: number }): Promise<void> {
    const known = running.get(content.digest);
    if (known !== undefined) return known;
    const started = check(content);
    running.set(content.digest, started);
    // Whoever serves waits for it; if all of them went away, nobody does.
    started.catch(() => undefined);
    return started;
  }

  return {
    damage: (digest) => damaged.get(digest),
    open: async function* (content, { start, end, signal }) {
      const error = damaged.get(content.digest);
      if (error !== undefined) throw error;
      const source = () => store.open(content.digest, { start, end, signal });
      if (good.has(content.digest)) {
        yield* source();
        return;
      }
      const checked = verdict(content);
      let held: Uint8Array | undefined;
      for await (const chunk of source()) {
        if (held !== undefined) yield held;
        held = chunk;
      }
      await checked;
      if (held !== undefined) yield held;
    },
  };
}

function damageError(digest: Digest, how: string): OperatorError {
  return new OperatorError("MIRROR_CONTENT_DAMAGED", `the mirror does not serve ${digest}: it ${how}`, {
    next: ["skerry bundle verify   names everything that is damaged", "copy the bundle again from its source"],
    retry: "later",
  });
}
