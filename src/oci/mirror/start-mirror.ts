import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { type Answering, answer, type Findings, refuse } from "./answer.ts";
import type { MirrorRequest } from "./mirror-request.ts";
import { verifiedContent } from "./verified-content.ts";

export interface MirrorOptions {
  readonly store: ContentStore;
  /** The one address to listen on; nodes dial it. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM certificate (chain) and key; without it plain HTTP, for tests only. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Told once per request when it is over. */
  readonly onRequest?: (request: MirrorRequest) => void;
  /** Aborting it closes the mirror. */
  readonly signal: AbortSignal;
}

export interface Mirror {
  /** `https://10.5.0.1:5443` */
  readonly url: string;
  /** The port it really listens on. */
  readonly port: number;
  readonly stats: () => MirrorStats;
  /** Ends all connections, those in use too. Safe to repeat. */
  readonly close: () => Promise<void>;
}

export interface MirrorStats {
  readonly requests: number;
  /** Bytes of content handed to connections. */
  readonly bytes: number;
  /** Requests that are being answered now. */
  readonly active: number;
}

/** A puller that takes nothing for so long is gone. */
const idleMs = 120_000;

/** AES-128-GCM first: of the strong ciphers the one that costs a laptop with AES instructions least. */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

const limits: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  noDelay: true,
};

/**
 * Serves a store as a pull-only registry over TLS 1.2+ for other registries (path prefix or `?ns=`). Every digest is checked once;
 * what is damaged is cut off before its end and never served again.
 *
 * @throws OperatorError MIRROR_PORT_TAKEN, MIRROR_ADDRESS_UNAVAILABLE
 */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  options.signal.throwIfAborted();
  const closing = new AbortController();
  const content = verifiedContent(options.store, { signal: closing.signal });
  const totals = { requests: 0, bytes: 0, active: 0 };

  const listener: RequestListener = (request, response) => {
    const startedAt = performance.now();
    const findings: Findings = {};
    const gone = new AbortController();
    const client = addressOf(request.socket);
    totals.active += 1;
    response.once("close", () => {
      gone.abort();
      totals.active -= 1;
      totals.requests += 1;
      totals.bytes += findings.bytes ?? 0;
      const { kind = "other", bytes = 0, isComplete = false, ...rest } = findings;
      const ms = Math.round(performance.now() - startedAt);
      const method = request.method ?? "";
      options.onRequest?.({
        client,
        method,
        kind,
        ...rest,
        status: response.statusCode,
        bytes,
        isComplete: isComplete && response.writableFinished,
        ms,
      });
    });
    void respond({ store: options.store, content, request, response, findings, signal: gone.signal }, closing.signal);
  };
  const server =
    options.tls === undefined
      ? createServer(limits, listener)
      : createTlsServer(
          {
            ...limits,
            ...options.tls,
            minVersion: "TLSv1.2",
            ciphers,
            honorCipherOrder: true,
            handshakeTimeout: 20_000,
          },
          listener,
        );
  server.setTimeout(idleMs);
  await listen(server, options);

  const onAbort = (): void => void close();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      options.signal.removeEventListener("abort", onAbort);
      closing.abort(new Error("the mirror is closed"));
      const ended = once(server, "close");
      server.close();
      server.closeAllConnections();
      await ended;
    })();
    return closed;
  };
  options.signal.addEventListener("abort", onAbort, { once: true });

  const { port } = server.address() as AddressInfo;
  const host = isIPv6(options.address) ? `[${options.address}]` : options.address;
  return {
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${port}`,
    port,
    stats: () => ({ ...totals }),
    close,
  };
}

async function respond(context: Answering, closing: AbortSignal): Promise<void> {
  const { response, findings, signal } = context;
  try {
    await answer(context);
  } catch (error) {
    if (signal.aborted || closing.aborted) return;
    findings.isComplete = false;
    // A bug in a store must not take the mirror from the other nodes: it is told like every other problem.
    findings.problem = isOperatorError(error)
      ? { code: error.code, message: error.message }
      : { code: "BUG", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    // After the first bytes only a cut tells the puller that the rest is not to be trusted.
    if (response.headersSent) response.destroy();
    else refuse(context, 500, "UNKNOWN", isOperatorError(error) ? error.message : "the mirror failed");
  }
}

async function listen(server: Server, { address, port, signal }: MirrorOptions): Promise<void> {
  try {
    server.listen({ host: address, port, backlog: 1024 });
    await once(server, "listening", { signal });
  } catch (error) {
    server.close();
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new OperatorError(
        "MIRROR_PORT_TAKEN",
        `port ${port} of ${address} is taken, so the mirror cannot listen there`,
        {
          next: [
            `ss -ltnp 'sport = :${port}'   shows which process has it`,
            "mirror: {port: …} in site.yaml   chooses another one",
          ],
          retry: "later",
          cause: error,
        },
      );
    }
    if (code === "EADDRNOTAVAIL" || code === "EACCES" || code === "ENOTFOUND") {
      throw new OperatorError(
        "MIRROR_ADDRESS_UNAVAILABLE",
        `the mirror cannot listen on ${address}:${port} (${code})`,
        {
          next: [
            "ip address   shows the addresses of this machine",
            "mirror: {address: …} in site.yaml   names one of them",
          ],
          retry: "later",
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** IPv4 as such, also where the socket is an IPv6 one. */
function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}
