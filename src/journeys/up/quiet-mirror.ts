import type { SiteNode } from "../../site/index.ts";
import type { UpContext } from "./context.ts";

/** A node that pulls nothing for this long is probably not able to. */
const QUIET_MS = 30_000;

/**
 * Watches whether a node asks the mirror for anything while it is waited for. One that has pulled before is merely quiet (it reboots, it
 * formats a disk); one that never asked has a reason, and the likely ones are named.
 *
 * @returns a function giving an addition to the reason of a wait: empty while all is well
 */
export function quietMirror(context: UpContext, node: SiteNode): () => string {
  const now = () => context.world.clock.now().getTime();
  const sinceMs = now();
  return () => {
    const { mirror, mirrorUrl } = context.memory;
    // A request is told when it is over: while a large layer is on its way to anybody, nobody is called quiet.
    if (mirror === undefined || mirror.mirror.stats().active > 0) return "";
    const lastMs = mirror.lastRequestMs(node.address);
    const quietMs = now() - Math.max(lastMs ?? sinceMs, sinceMs);
    if (quietMs < QUIET_MS) return "";
    // In steps, since a reason is told anew whenever it changes.
    const seconds = Math.floor(quietMs / QUIET_MS) * (QUIET_MS / 1000);
    if (lastMs !== undefined) return `; no request to the mirror for ${seconds} s`;
    return (
      `; no request from ${node.address} reached the mirror for ${seconds} s:` +
      ` a firewall on this laptop, a node that has no route to ${mirrorUrl}, or a clock far from this one's`
    );
  };
}
