import { connect } from "node:net";
import { getCACertificates } from "node:tls";
// Not when it is needed: a CommonJS module that is imported late has no named exports in what we ship.
import { Agent, fetch } from "undici";
import type { NetworkProbe } from "../action-context.ts";

/** For one try; the wait itself goes on. */
const tryMs = 10_000;

/** Looks at addresses from this machine. HTTPS is trusted as Node and the system trust; redirects are followed. */
export function localNetwork(): NetworkProbe {
  return { tcp: dial, http: ask };
}

async function dial(address: string, { signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const at = address.lastIndexOf(":");
  const port = Number(address.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) return `${address} is not host:port`;
  const stop = AbortSignal.any([signal, AbortSignal.timeout(tryMs)]);
  const socket = connect({ host: address.slice(0, at).replace(/^\[(.*)\]$/, "$1"), port });
  const abort = (): void => resolve(`${address} does not answer`);
  stop.addEventListener("abort", abort, { once: true });
  socket.once("connect", () => resolve(undefined));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(`${address}: ${error.code ?? "no connection"}`));
  try {
    return await promise;
  } finally {
    stop.removeEventListener("abort", abort);
    socket.destroy();
    signal.throwIfAborted();
  }
}

async function ask(
  url: string,
  code: number | "success",
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const ca = [...getCACertificates("default"), ...getCACertificates("system")];
  const dispatcher = new Agent({ connect: { ca: [...new Set(ca)] }, pipelining: 0 });
  try {
    const answer = await fetch(url, { dispatcher, signal: AbortSignal.any([signal, AbortSignal.timeout(tryMs)]) });
    await answer.body?.cancel();
    const isAwaited = code === "success" ? answer.ok : answer.status === code;
    return isAwaited ? undefined : `${url} answers ${answer.status}`;
  } catch (error) {
    signal.throwIfAborted();
    return `${url}: ${reasonOf(error)}`;
  } finally {
    await dispatcher.destroy();
  }
}

/** The code of the first cause that has one: ECONNREFUSED, DEPTH_ZERO_SELF_SIGNED_CERT. */
function reasonOf(error: unknown): string {
  const { name, code, cause } = error as { readonly name?: string; readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === "string") return code;
  if (typeof cause === "object" && cause !== null) return reasonOf(cause);
  return name === "TimeoutError" ? "no answer" : "no connection";
}
