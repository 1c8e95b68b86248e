import { connect } from "node:tls";
import ipaddr from "ipaddr.js";
import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";

const nearbyRanges: ReadonlySet<string> = new Set(["loopback", "private", "uniqueLocal", "linkLocal"]);

/** Whether the host (with an optional port) is this machine or an address of a private network, where registries without TLS are usual. */
export function isNearby(host: string): boolean {
  const { hostname } = new URL(`http://${host}`);
  const name = hostname.replace(/^\[|\]$/g, "");
  if (name === "localhost") return true;
  return ipaddr.isValid(name) && nearbyRanges.has(ipaddr.process(name).range());
}

/**
 * Finds out whether TLS is spoken there, by a handshake that is given up at once: nothing is sent, nothing is trusted.
 *
 * @param host - with an optional port, default 443
 * @throws OperatorError IMAGE_PUSH_UNREACHABLE when nobody answers
 */
export async function speaksTls(host: string, options: { readonly signal: AbortSignal }): Promise<boolean> {
  const { hostname, port } = new URL(`https://${host}`);
  const name = hostname.replace(/^\[|\]$/g, "");
  return await withDeadline(10_000, { ...options, what: `registry ${host}` }, async (signal) => {
    const socket = connect({
      host: name,
      port: port === "" ? 443 : Number(port),
      // Only whether it is TLS is asked; who it is, the client asks later.
      rejectUnauthorized: false,
      ...(ipaddr.isValid(name) ? {} : { servername: name }),
    });
    const stop = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await new Promise<boolean>((resolve, reject) => {
        socket.once("secureConnect", () => resolve(true));
        socket.once("error", (error: NodeJS.ErrnoException) => {
          if (signal.aborted) reject(signal.reason as Error);
          else if (isConnectionFailure(error)) reject(unreachable(host, error));
          // It answered, but not with TLS; an alert is TLS (it may want a certificate first).
          else resolve(error.code?.includes("ALERT") === true);
        });
      });
    } finally {
      signal.removeEventListener("abort", stop);
      socket.destroy();
    }
  });
}

function isConnectionFailure(error: NodeJS.ErrnoException): boolean {
  return error.syscall === "connect" || error.syscall === "getaddrinfo";
}

function unreachable(host: string, cause: NodeJS.ErrnoException): OperatorError {
  return new OperatorError(
    "IMAGE_PUSH_UNREACHABLE",
    `no connection to the registry ${host} (${cause.code ?? "unknown"})`,
    {
      next: ["check that the registry runs and can be reached from here, then run the same command again"],
      retry: "same",
      cause,
    },
  );
}
