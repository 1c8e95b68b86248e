import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { withDeadline } from "../../lib/deadline.ts";
import { fingerprintOf, isMaintenanceLeaf } from "./identity.ts";
import { TALOS_PORT } from "./node-client.ts";

export type NodeSight =
  | { readonly kind: "maintenance" | "configured"; readonly fingerprint: string }
  | { readonly kind: "unreachable"; readonly reason: string };

/**
 * Looks at the certificate a node shows, without sending it anything: enough to tell a machine that waits for a config
 * from one that has one.
 *
 * @param probe.port - default 50000
 * @param probe.deadlineMs - default 5 s
 */
export async function probeNode(probe: {
  readonly node: string;
  readonly address: string;
  readonly port?: number;
  readonly signal: AbortSignal;
  readonly deadlineMs?: number;
}): Promise<NodeSight> {
  const { node, address, port = TALOS_PORT, signal, deadlineMs = 5_000 } = probe;
  try {
    const leaf = await withDeadline(deadlineMs, { signal, what: `answer of ${node}` }, (bounded) =>
      certificateShownBy(address, port, bounded),
    );
    return {
      kind: isMaintenanceLeaf(leaf) ? "maintenance" : "configured",
      fingerprint: fingerprintOf(leaf),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unreachable", reason: error instanceof Error ? error.message : String(error) };
  }
}

function certificateShownBy(address: string, port: number, signal: AbortSignal): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({
      host: address,
      port,
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1.3",
      // Only looked at: whoever talks to the node judges the certificate again.
      rejectUnauthorized: false,
      ...(isIP(address) === 0 && { servername: address }),
    });
    const stop = () => socket.destroy(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    signal.addEventListener("abort", stop, { once: true });
    socket.once("secureConnect", () => {
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      if (leaf === undefined) reject(new Error("no certificate"));
      else resolve(leaf);
    });
    socket.once("error", reject);
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error("closed without a certificate"));
    });
  });
}
