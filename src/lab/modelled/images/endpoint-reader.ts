import { BlockList, isIP } from "node:net";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { createRegistryClient, type RegistryClient } from "../../../oci/index.ts";
import type { PullEndpoint } from "../../node/images/pull-endpoints.ts";
import { PullError } from "../../node/images/pull-error.ts";
import type { EndpointReader } from "./pull-image.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Opens an endpoint over HTTP(S). A rack has no way out: only loopback addresses are dialled, everything else fails as a host
 * without a route does, at once.
 *
 * @param options.from - the machine's own address, so that a mirror sees who pulls; default: what the route gives
 */
export function openEndpoint(endpoint: PullEndpoint, options: { readonly from?: string } = {}): EndpointReader {
  const refusal = refusalOf(endpoint);
  if (refusal !== undefined) return refusing(refusal);
  const client = createRegistryClient({
    apiRoot: endpoint.root,
    label: endpoint.host,
    // One attempt per endpoint and call: the machine's own retries are those of Talos and the kubelet.
    retry: { attempts: 1, baseDelayMs: 0, maxDelayMs: 0, deadlineMs: 0 },
    ...(options.from === undefined || isIPv6Host(endpoint) ? {} : { localAddress: options.from }),
    ...(endpoint.namespace === undefined ? {} : { ns: endpoint.namespace }),
    ...(endpoint.tls?.ca === undefined ? {} : { ca: endpoint.tls.ca }),
    ...(endpoint.auth === undefined ? {} : { auth: endpoint.auth }),
  });
  return readerOf(client);
}

/** A machine's address is an IPv4 one and cannot be where a connection to ::1 comes from. */
function isIPv6Host({ root }: PullEndpoint): boolean {
  return new URL(root).hostname.startsWith("[");
}

function readerOf(client: RegistryClient): EndpointReader {
  return {
    manifest: async (repository, reference, options) => {
      try {
        const { bytes, descriptor } = await client.fetchManifest(repository, reference, options);
        return { bytes, digest: descriptor.digest };
      } catch (error) {
        throw translated(error);
      }
    },
    blob: async function* (repository, descriptor, options) {
      try {
        yield* client.fetchBlob(repository, descriptor, options);
      } catch (error) {
        throw translated(error);
      }
    },
    close: client.close,
  };
}

function translated(error: unknown): unknown {
  if (isOperatorError(error, "REGISTRY_NOT_FOUND")) return new PullError("not-found", "not found", error);
  if (isOperatorError(error, "REGISTRY_UNAUTHORIZED")) {
    return new PullError("refused", "pull access denied: authorization failed", error);
  }
  if (isOperatorError(error, "REGISTRY_DIGEST_MISMATCH")) return new PullError("broken", error.message, error);
  return error;
}

function refusalOf({ root, tls }: PullEndpoint): PullError | undefined {
  const url = new URL(root);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const family = isIP(host);
  const isLocal = family === 0 ? host === "localhost" : loopback.check(host, family === 6 ? "ipv6" : "ipv4");
  if (!isLocal) {
    return new PullError(
      "unreachable",
      `failed to do request: Head "${root}": dial tcp ${url.hostname}:${port}: connect: no route to host`,
    );
  }
  if (tls === undefined) return undefined;
  if (url.protocol === "http:") return new PullError("broken", "TLS config specified for non-HTTPS registry");
  if (tls.insecureSkipVerify || tls.clientIdentity !== undefined) {
    return new PullError("broken", `${url.host}: a simulated machine knows only the CA of a registry's TLS config`);
  }
  return undefined;
}

function refusing(refusal: PullError): EndpointReader {
  return {
    manifest: () => Promise.reject(refusal),
    blob: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(refusal) }) }),
    close: () => Promise.resolve(),
  };
}
