import {
  choosePlatform,
  type Descriptor,
  type Digest,
  formatReference,
  type ImageManifest,
  type Platform,
  parseManifest,
  parseReference,
  type Reference,
  targetOf,
} from "../../../oci/index.ts";
import type { AppliedConfig } from "../../interior.ts";
import { type PullEndpoint, pullEndpoints } from "../../node/images/pull-endpoints.ts";
import { PullError, toPullError } from "../../node/images/pull-error.ts";
import type { BlobStore } from "./blob-store.ts";

/** What a pull needs of one endpoint. */
export interface EndpointReader {
  readonly manifest: (
    repository: string,
    reference: string,
    options: { readonly signal: AbortSignal },
  ) => Promise<{ readonly bytes: Uint8Array; readonly digest: Digest }>;
  readonly blob: (
    repository: string,
    descriptor: Descriptor,
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

export interface PullOptions {
  readonly config: AppliedConfig;
  readonly store: BlobStore;
  readonly platform: Platform;
  readonly openEndpoint: (endpoint: PullEndpoint) => EndpointReader;
  readonly signal: AbortSignal;
  readonly progress?: (layer: string, offsetBytes: number, totalBytes: number) => void;
}

export interface PulledImage {
  /** `registry.k8s.io/pause:3.10.1` */
  readonly name: string;
  readonly repository: string;
  /** Of what the name leads to: an index where there is one. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly manifest: ImageManifest;
  readonly manifestDigest: Digest;
  /** The endpoint that named the manifest. */
  readonly from: string;
}

/**
 * Pulls an image as containerd does with the host files that Talos writes from the machine config: every manifest and every
 * blob is asked from the endpoints in order; a "not found" leads to the next one, as does any other failure. Everything that comes is checked
 * against its digest.
 *
 * @throws PullError the first failure that is not "not found", else `not-found`
 */
export async function pullImage(name: string, options: PullOptions): Promise<PulledImage> {
  const reference = parseReference(name);
  const endpoints = pullEndpoints(options.config, reference.registry);
  const readers = new Map<PullEndpoint, EndpointReader>();
  const open = (endpoint: PullEndpoint): EndpointReader => {
    const opened = readers.get(endpoint) ?? options.openEndpoint(endpoint);
    readers.set(endpoint, opened);
    return opened;
  };
  try {
    return await pullThrough(reference, { ...options, endpoints, open });
  } finally {
    await Promise.all([...readers.values()].map((reader) => reader.close()));
  }
}

type Through = PullOptions & {
  readonly endpoints: readonly PullEndpoint[];
  readonly open: (endpoint: PullEndpoint) => EndpointReader;
};

async function pullThrough(reference: Reference, through: Through): Promise<PulledImage> {
  const { store, signal, platform } = through;
  const { repository } = reference;
  const name = formatReference(reference);
  const fetchManifest = (target: string) =>
    firstOf(through, name, `${repository}/manifests/${target}`, async (reader) => {
      const found = await reader.manifest(repository, target, { signal });
      await store.ingest(once(found.bytes), { digest: found.digest });
      return found;
    });
  const top = await fetchManifest(targetOf(reference));
  const topManifest = parseManifest(top.value.bytes, { what: `manifest of ${name}` });
  const chosen = topManifest.kind === "index" ? choosePlatform(topManifest, platform) : undefined;
  if (topManifest.kind === "index" && chosen === undefined) {
    throw new PullError("not-found", `no match for platform in manifest ${top.value.digest}: not found`);
  }
  const image = chosen === undefined ? top.value : (await fetchManifest(chosen.digest)).value;
  const manifest = parseManifest(image.bytes, { what: `manifest of ${name}` });
  if (manifest.kind !== "image") throw new PullError("broken", `unexpected index inside the index of ${name}`);
  for (const blob of [manifest.config, ...manifest.layers]) {
    await firstOf(through, name, `${repository}/blobs/${blob.digest}`, (reader) =>
      store.ingest(reader.blob(repository, blob, { signal }), {
        digest: blob.digest,
        sizeBytes: blob.size,
        progress: (doneBytes) => through.progress?.(blob.digest, doneBytes, blob.size),
      }),
    );
  }
  const sizeBytes = [manifest.config, ...manifest.layers].reduce((sum, blob) => sum + blob.size, image.bytes.length);
  return {
    name,
    repository: `${reference.registry}/${repository}`,
    digest: top.value.digest,
    sizeBytes,
    manifest,
    manifestDigest: image.digest,
    from: top.endpoint.root,
  };
}

async function firstOf<T>(
  through: Through,
  name: string,
  path: string,
  attempt: (reader: EndpointReader) => Promise<T>,
): Promise<{ readonly value: T; readonly endpoint: PullEndpoint }> {
  let first: PullError | undefined;
  for (const endpoint of through.endpoints) {
    through.signal.throwIfAborted();
    try {
      return { value: await attempt(through.open(endpoint)), endpoint };
    } catch (error) {
      through.signal.throwIfAborted();
      const query = endpoint.namespace === undefined ? "" : `?ns=${encodeURIComponent(endpoint.namespace)}`;
      const failure = toPullError(error, `${endpoint.root}/${path}${query}`);
      if (failure.kind !== "not-found") first ??= failure;
    }
  }
  throw new PullError(
    first?.kind ?? "not-found",
    `failed to resolve reference "${name}": ${first === undefined ? `${name}: not found` : first.message}`,
    first,
  );
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}
