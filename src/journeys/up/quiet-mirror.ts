import type { SiteNode } from "../../site/index.ts";
import type { UpContext } from "./context.ts";

/** A node that pulls nothing for this long is probably not able to. */
const QUIET_MS = 30_000;

/**
 * Watches whether a node asks the mirror for anything while it is waited for.
 *
 * @returns a function giving an addition to the reason of a wait: empty while all is well, else likely causes
 */
export function quietMirror(context: UpContext, node: SiteNode): () => string {
  const sinceMs = context.world.clock.now().getTime();
  return () => {
    const { mirror, mirrorUrl } = context.memory;
    if (mirror === undefined) return "";
    const lastMs = mirror.lastRequestMs(node.address) ?? sinceMs;
    const quietMs = context.world.clock.now().getTime() - Math.max(lastMs, sinceMs);
    if (quietMs < QUIET_MS) return "";
    return (
      `; no request from ${node.address} reached the mirror for ${Math.round(quietMs / 1000)} s:` +
      ` a firewall on this laptop, a node that has no route to ${mirrorUrl}, or a clock far from this one's`
    );
  };
}
