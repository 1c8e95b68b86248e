import type { Clock } from "../../../lib/clock.ts";
import { type EtcdClient, EtcdError } from "./etcd-client.ts";

const PATIENCE_MS = 5 * 60_000;
const PAUSE_MS = 10_000;

/** Codes of gRPC that etcd answers with. */
const NOT_FOUND = 5;
const UNAVAILABLE = 14;

/**
 * Removes the member with this peer URL from its cluster, as Talos does before a graceful reset: an unhealthy cluster is asked again for
 * five minutes, a member that is gone already is fine, anything else fails at once. The last member cannot leave.
 *
 * @throws EtcdError
 */
export async function leaveCluster(
  client: Pick<EtcdClient, "members" | "remove">,
  peerUrl: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const since = clock.now().getTime();
  for (;;) {
    try {
      const member = (await client.members({ signal })).find(({ peerUrls }) => peerUrls.includes(peerUrl));
      if (member !== undefined) await client.remove(member.id, { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EtcdError && error.code === NOT_FOUND) return;
      const mayPass = error instanceof EtcdError && error.code === UNAVAILABLE;
      if (!mayPass || clock.now().getTime() - since > PATIENCE_MS) throw error;
      await clock.sleep(PAUSE_MS, { signal });
    }
  }
}
