import { checkServerIdentity } from "node:tls";
import { Agent, type Dispatcher } from "undici";
import { systemClock } from "../../lib/clock.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { ClusterAccess } from "../kubeconfig.ts";
import { type Doing, statusError } from "./status-error.ts";
import { isBrokenConnection, transportError } from "./transport-error.ts";

const maxAnswerBytes = 64 << 20;
const maxAttempts = 3;
/** Longer than the minute between bookmarks: silence beyond it means that the other end is gone. */
const watchSilenceMs = 150_000;

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** "/api/v1/namespaces/demo/pods/web" */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default application/json */
  readonly contentType?: string;
  /** Default application/json */
  readonly accept?: string;
  readonly doing: Doing;
  /** Sending it twice has the effect of sending it once: a connection that broke is tried again. */
  readonly isRepeatable: boolean;
}

export interface ApiAnswer {
  readonly httpStatus: number;
  readonly text: string;
}

/** One request and its whole answer, whoever carries it. @throws OperatorError KUBE_UNREACHABLE */
export type ApiExchange = (request: ApiRequest, options: { readonly signal: AbortSignal }) => Promise<ApiAnswer>;

/** HTTP to one API server over one pool of connections. */
export interface Transport {
  /** The parsed body of a 2xx answer; anything else throws. */
  readonly json: (request: ApiRequest, options: { readonly signal: AbortSignal }) => Promise<unknown>;
  /** Any answer as text (for /readyz, whose 500 is an answer too). */
  readonly text: (request: ApiRequest, options: { readonly signal: AbortSignal }) => Promise<ApiAnswer>;
  /** The open body of a 2xx answer, without an end of its own. */
  readonly stream: (
    request: ApiRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<AsyncIterable<Uint8Array>>;
  readonly close: () => Promise<void>;
}

async function readAll(body: AsyncIterable<Uint8Array>, doing: Doing): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes)
      throw new OperatorError("KUBE_ANSWER_INVALID", `${doing.verb} ${doing.object}: the answer exceeds 64 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function retryAfterMs(answer: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(answer.headers["retry-after"]);
  return (answer.statusCode === 429 || answer.statusCode === 503) && Number.isFinite(seconds) && seconds > 0
    ? Math.min(seconds, 10) * 1000
    : undefined;
}

/** The parsed body of a 2xx answer; anything else throws. */
function bodyOf({ httpStatus, text }: ApiAnswer, doing: Doing, server: string): unknown {
  const body = parseJson(text);
  if (httpStatus < 200 || httpStatus > 299) throw statusError(httpStatus, body, doing);
  if (body === undefined)
    throw new OperatorError(
      "KUBE_ANSWER_INVALID",
      `${doing.verb} ${doing.object}: ${new URL(server).host} did not answer with JSON`,
    );
  return body;
}

/** A transport without a network: every request is handed to `exchange`, and its answer is read as a server's. */
export function transportOver(exchange: ApiExchange, server: string): Transport {
  return {
    text: exchange,
    json: async (request, options) => bodyOf(await exchange(request, options), request.doing, server),
    stream: async (request) => {
      throw statusError(405, undefined, request.doing);
    },
    close: async () => {},
  };
}

/**
 * Opens nothing yet: connections are made by the first request and kept. Proxies of the environment are ignored, because an
 * API server on the site's network is never behind the laptop's proxy.
 *
 * @param options.timeoutMs - for one request with its answer, watches excepted
 */
export function createTransport(access: ClusterAccess, options: { readonly timeoutMs: number }): Transport {
  const { server, ca, cert, key, token, tlsServerName } = access;
  const agent = new Agent({
    allowH2: false,
    connections: 64,
    keepAliveTimeout: 30_000,
    connect: {
      ca,
      timeout: 10_000,
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(tlsServerName === undefined
        ? {}
        : { checkServerIdentity: (_host, certificate) => checkServerIdentity(tlsServerName, certificate) }),
    },
  });
  const base = server.replace(/\/+$/, "");

  const send = (request: ApiRequest, signal: AbortSignal, bodyTimeout: number): Promise<Dispatcher.ResponseData> => {
    const url = new URL(base + request.path);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    return agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      signal,
      headersTimeout: options.timeoutMs,
      bodyTimeout,
      headers: {
        accept: request.accept ?? "application/json",
        "user-agent": "skerry",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
  };

  const attempts = async <T>(request: ApiRequest, signal: AbortSignal, once: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once();
      } catch (error) {
        // An interrupt or a deadline says so itself; what the socket made of it says less.
        signal.throwIfAborted();
        const mayRepeat = request.isRepeatable && attempt < maxAttempts && isBrokenConnection(error);
        if (!mayRepeat) throw transportError(error, `${request.doing.verb} ${request.doing.object}`, server);
      }
    }
  };

  const exchange = (request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> =>
    attempts(request, signal, async () => {
      for (let waits = 0; ; waits++) {
        const answer = await send(request, signal, options.timeoutMs);
        const text = await readAll(answer.body, request.doing);
        const pause = retryAfterMs(answer);
        // The server did not begin with it (429) or asks to come again: once-only requests may wait as well.
        if (pause === undefined || waits >= 5) return { httpStatus: answer.statusCode, text };
        await systemClock.sleep(pause, { signal });
      }
    });

  const bounded = (request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> =>
    withDeadline(
      options.timeoutMs,
      { signal, what: `${request.doing.verb} ${request.doing.object} at ${new URL(server).host}` },
      (inner) => exchange(request, inner),
    );

  return {
    text: (request, { signal }) => bounded(request, signal),
    json: async (request, { signal }) => bodyOf(await bounded(request, signal), request.doing, server),
    stream: (request, { signal }) =>
      attempts(request, signal, async () => {
        const answer = await send(request, signal, watchSilenceMs);
        if (answer.statusCode < 200 || answer.statusCode > 299)
          throw statusError(answer.statusCode, parseJson(await readAll(answer.body, request.doing)), request.doing);
        return answer.body;
      }),
    close: () => agent.destroy(),
  };
}
