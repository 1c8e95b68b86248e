import { type Clock, systemClock } from "../../lib/clock.ts";
import type { Descriptor } from "../content/descriptor.ts";
import type { Digest } from "../content/digest.ts";
import { fetchBlob, fetchManifest, hasBlob, headManifest } from "./pull.ts";
import { type BlobOutcome, pushBlob, pushManifest } from "./push.ts";
import type { RegistryAuth } from "./registry-request.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.ts";
import { createTransport } from "./transport.ts";

export interface RegistryClientOptions {
  /** Where the distribution API begins: `https://host:port/v2`, or a mirror's `https://host:port/v2/docker.io`. */
  readonly apiRoot: string;
  /** How the registry is called in messages; default the host of `apiRoot`. */
  readonly label?: string;
  /** The upstream registry a mirror is asked to stand for: sent as `?ns=`. */
  readonly ns?: string;
  /** PEM; the only CA that is trusted. Default: what Node trusts. */
  readonly ca?: string;
  /** PEM; shown to registries that ask who calls. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  readonly auth?: RegistryAuth;
  /** The address of this machine that connections come from; default: what the route gives. */
  readonly localAddress?: string;
  /** A connection that is silent for so long is given up and tried again; default 30 000. */
  readonly idleTimeoutMs?: number;
  /** default: 5 tries in a row without progress, within 2 minutes */
  readonly retry?: RetryPolicy;
  /** default: the system's */
  readonly clock?: Clock;
}

interface CallOptions {
  readonly signal: AbortSignal;
}

/**
 * One registry over one API root. All bytes are verified as they pass; failures are OperatorErrors `REGISTRY_*`, those worth
 * another try have been tried again.
 */
export interface RegistryClient {
  /** By tag or digest, at most 4 MiB. The descriptor's digest is computed from the bytes. */
  readonly fetchManifest: (
    repository: string,
    reference: string,
    options: CallOptions,
  ) => Promise<{ readonly descriptor: Descriptor; readonly bytes: Uint8Array }>;
  /**
   * A blob as a stream; a broken connection is resumed by Range. Read from byte 0 it is verified: the chunk that completes it
   * comes only if the digest is right. With `start` > 0 the caller, who has the first bytes, verifies the whole.
   */
  readonly fetchBlob: (
    repository: string,
    descriptor: Pick<Descriptor, "digest" | "size">,
    options: CallOptions & { readonly start?: number },
  ) => AsyncIterable<Uint8Array>;
  readonly hasBlob: (repository: string, digest: Digest, options: CallOptions) => Promise<boolean>;
  /** The digest that a tag points to, or the digest itself where it is there; undefined where there is nothing. */
  readonly headManifest: (repository: string, reference: string, options: CallOptions) => Promise<Digest | undefined>;
  /**
   * Uploads unless it is there already; `open` may be called again when a try fails. Safe to repeat.
   *
   * @param options.from - a repository of the same registry that has the blob: the registry copies it, if it can
   * @param options.onSent - bytes of the present try, from 0 again with each try
   */
  readonly pushBlob: (
    repository: string,
    descriptor: Pick<Descriptor, "digest" | "size">,
    open: () => AsyncIterable<Uint8Array>,
    options: CallOptions & { readonly from?: string; readonly onSent?: (sentBytes: number) => void },
  ) => Promise<BlobOutcome>;
  /**
   * Puts a manifest under a tag or its digest. Safe to repeat.
   *
   * @throws OperatorError REGISTRY_INCOMPLETE where the registry wants what the manifest names to be there first
   */
  readonly pushManifest: (
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    options: CallOptions,
  ) => Promise<Digest>;
  /** Ends idle connections and those in use. */
  readonly close: () => Promise<void>;
}

/**
 * A client of one registry with its own connections. Proxies of the environment are ignored; credentials go to that registry's
 * host only (and to its token server, see RegistryAuth).
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const transport = createTransport(options);
  const context = {
    transport,
    retry: options.retry ?? defaultRetryPolicy,
    clock: options.clock ?? systemClock,
  };
  return {
    fetchManifest: (repository, reference, call) => fetchManifest(context, { repository, reference, ...call }),
    fetchBlob: (repository, descriptor, call) => fetchBlob(context, { repository, descriptor, start: 0, ...call }),
    headManifest: (repository, reference, call) => headManifest(context, { repository, reference, ...call }),
    hasBlob: (repository, digest, call) => hasBlob(context, { repository, digest, ...call }),
    pushBlob: (repository, descriptor, open, call) => pushBlob(context, { repository, descriptor, open, ...call }),
    pushManifest: (repository, reference, manifest, call) =>
      pushManifest(context, { repository, reference, ...manifest, ...call }),
    close: () => transport.close(),
  };
}

/** Where a registry's own API begins: `https://<registry>/v2`, for docker.io the host that really serves it. */
export function upstreamApiRoot(registry: string): string {
  return `https://${registry === "docker.io" ? "registry-1.docker.io" : registry}/v2`;
}
