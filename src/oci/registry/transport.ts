import { Readable } from "node:stream";
import { Agent, type Dispatcher, request } from "undici";
import { createAuthorizer } from "./authorize.ts";
import { type Asked, oddAnswer, statusFailure, transportFailure } from "./failures.ts";
import { readBounded } from "./read-bounded.ts";
import type { RegistryAuth, RegistryRequest } from "./registry-request.ts";

export interface RegistryResponse {
  readonly status: number;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly body: Dispatcher.ResponseData["body"];
}

/** HTTP to one registry: connections, redirects, credentials, and errors turned into ours. No retries. */
export interface Transport {
  readonly send: (request: RegistryRequest) => Promise<RegistryResponse>;
  readonly asked: (what: string) => Asked;
  /** The error for anything thrown while a body is read. */
  readonly failure: (error: unknown, asked: Asked, signal: AbortSignal) => unknown;
  readonly close: () => Promise<void>;
}

const maxRedirects = 5;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createTransport(options: {
  readonly apiRoot: string;
  readonly label?: string;
  readonly ns?: string;
  readonly ca?: string;
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  readonly localAddress?: string;
  readonly auth?: RegistryAuth;
  readonly idleTimeoutMs?: number;
}): Transport {
  const apiRoot = new URL(options.apiRoot.endsWith("/") ? options.apiRoot : `${options.apiRoot}/`);
  const idleTimeoutMs = options.idleTimeoutMs ?? 30_000;
  const agent = new Agent({
    // One request at a time on a connection: a blob must not wait behind another blob.
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: 32 * 1024,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    connect: {
      timeout: Math.min(idleTimeoutMs, 10_000),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...options.clientCertificate,
    },
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
  });
  const asked = (what: string): Asked => ({ registry: options.label ?? apiRoot.host, what });

  async function once(url: URL, wanted: RegistryRequest, authorization: string | undefined): Promise<RegistryResponse> {
    const body = wanted.body?.();
    try {
      const response = await request(url, {
        dispatcher: agent,
        method: wanted.method,
        headers: {
          "user-agent": "skerry",
          ...wanted.headers,
          // Credentials are for the registry's own host and nobody a redirect points to.
          ...(authorization === undefined || url.origin !== apiRoot.origin ? {} : { authorization }),
        },
        signal: wanted.signal,
        ...(wanted.answerWithinMs === undefined ? {} : { headersTimeout: wanted.answerWithinMs }),
        // What has gathered is handed on as one copied chunk, so it must not become much.
        highWaterMark: 64 * 1024,
        ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : Readable.from(body) }),
      });
      return { status: response.statusCode, url, header: headerOf(response.headers), body: response.body };
    } catch (error) {
      throw transportFailure(error, asked(wanted.what), wanted.signal);
    }
  }

  async function follow(
    url: URL,
    wanted: RegistryRequest,
    authorization: string | undefined,
  ): Promise<RegistryResponse> {
    let at = url;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await once(at, wanted, authorization);
      const location = response.header("location");
      const isRead = wanted.method === "GET" || wanted.method === "HEAD";
      if (!isRead || location === undefined || !redirectStatuses.has(response.status)) return response;
      await discard(response);
      const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
      if (next?.protocol !== "https:" && next?.protocol !== apiRoot.protocol) {
        throw oddAnswer(asked(wanted.what), "it redirects to where there is no TLS");
      }
      at = next;
    }
    throw oddAnswer(asked(wanted.what), `it redirects more than ${maxRedirects} times`);
  }

  const authorizer = createAuthorizer({
    registryHost: apiRoot.host,
    isPlain: apiRoot.protocol === "http:",
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    fetchToken: async (url, authorization, { what, signal }) => {
      const response = await request(url, {
        dispatcher: agent,
        headers: { "user-agent": "skerry", ...(authorization === undefined ? {} : { authorization }) },
        signal,
      }).catch((error: unknown) => {
        throw transportFailure(error, { registry: url.host, what }, signal);
      });
      const bytes = await readBounded(response.body, 1024 * 1024).catch((error: unknown) => {
        throw transportFailure(error, { registry: url.host, what }, signal);
      });
      if (response.statusCode !== 200) throw statusFailure(response.statusCode, [], { registry: url.host, what });
      return bytes;
    },
  });

  return {
    asked,
    failure: transportFailure,
    close: () => agent.destroy(),
    send: async (wanted) => {
      const url = new URL(wanted.url, apiRoot);
      if (options.ns !== undefined) url.searchParams.set("ns", options.ns);
      let response = await follow(url, wanted, authorizer.known(wanted.scope));
      if (response.status === 401 && response.url.origin === apiRoot.origin) {
        const challenge = response.header("www-authenticate");
        const authorization = await authorizer.answer(challenge, wanted, asked(wanted.what));
        if (authorization !== undefined) {
          await discard(response);
          response = await follow(url, wanted, authorization);
        }
      }
      if (wanted.accept.includes(response.status)) return response;
      throw statusFailure(response.status, await errorCodesOf(response), asked(wanted.what));
    },
  };
}

/** Reads an answer nobody wants to its end, so that its connection can be used again; a long one is cut off. */
export async function discard(response: RegistryResponse): Promise<void> {
  await readBounded(response.body, 64 * 1024).catch(() => undefined);
}

/** The codes of the specification's error body; anything else in it is not repeated. */
async function errorCodesOf(response: RegistryResponse): Promise<readonly string[]> {
  try {
    const json = JSON.parse(new TextDecoder().decode(await readBounded(response.body, 64 * 1024))) as unknown;
    const errors = (json as { errors?: unknown } | null)?.errors;
    if (!Array.isArray(errors)) return [];
    const codes = errors.slice(0, 4).map((item: unknown) => (item as { code?: unknown } | null)?.code);
    return codes.filter((code): code is string => typeof code === "string" && /^[A-Z_]{1,64}$/.test(code));
  } catch {
    // The status says enough; a body that cannot be read or is no JSON adds nothing.
    return [];
  }
}

function headerOf(headers: Readonly<Record<string, string | string[] | undefined>>): RegistryResponse["header"] {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
}
