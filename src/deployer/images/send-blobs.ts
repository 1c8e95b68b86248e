import type { BlobOutcome, ContentStore, Descriptor, Digest, RegistryClient } from "../../oci/index.ts";
import { createByteGate } from "./byte-gate.ts";

export interface BlobRequest {
  readonly repository: string;
  readonly blob: Pick<Descriptor, "digest" | "size">;
  readonly content: ContentStore;
  readonly signal: AbortSignal;
  /** Bytes that are there now, of this blob; falls back when a try is begun again. */
  readonly onSent: (sentBytes: number) => void;
}

/** Brings blobs into repositories of one registry: each once over the wire, each once per repository. */
export interface BlobSender {
  readonly send: (request: BlobRequest) => Promise<BlobOutcome>;
}

const gateLimits = { transfers: 16, bytes: 128 << 20, heaviestBytes: 32 << 20 };

export function createBlobSender(client: RegistryClient): BlobSender {
  const gate = createByteGate(gateLimits);
  const done = new Map<string, Promise<BlobOutcome>>();
  /** The repository that a blob came to first: others get it from there. */
  const homes = new Map<Digest, { readonly repository: string; readonly arrival: Promise<unknown> }>();

  const push = (request: BlobRequest, from: string | undefined): Promise<BlobOutcome> => {
    const { repository, blob, content, signal, onSent } = request;
    return gate.pass(blob.size, () => {
      signal.throwIfAborted();
      return client.pushBlob(repository, blob, () => content.open(blob.digest, { signal }), {
        signal,
        onSent,
        ...(from === undefined ? {} : { from }),
      });
    });
  };

  const begin = async (request: BlobRequest): Promise<BlobOutcome> => {
    const { repository, blob } = request;
    const home = homes.get(blob.digest);
    if (home !== undefined) {
      // Where the first one failed there is nothing to copy; this one finds out for itself.
      const isThere = await home.arrival.then(
        () => true,
        () => false,
      );
      return await push(request, isThere ? home.repository : undefined);
    }
    const arrival = push(request, undefined);
    homes.set(blob.digest, { repository, arrival });
    arrival.catch(() => homes.delete(blob.digest));
    return await arrival;
  };

  return {
    send: async (request) => {
      const key = `${request.repository}@${request.blob.digest}`;
      const earlier = done.get(key);
      if (earlier !== undefined) {
        await earlier;
        return "present";
      }
      const outcome = begin(request);
      done.set(key, outcome);
      outcome.catch(() => done.delete(key));
      return await outcome;
    },
  };
}
