import type { Cluster } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ClusterWait, NetworkWait } from "./action.ts";
import type { NetworkProbe } from "./action-context.ts";
import { clusterLook } from "./cluster-look.ts";
import { actionTitle } from "./effective-action.ts";
import { networkLook } from "./network-look.ts";
import { poll } from "./poll.ts";
import type { WaitCondition } from "./wait-condition.ts";

/** One wait by itself, as `zarf tools wait-for` takes it. */
export type WaitFor =
  /** `unsaid`: what is awaited where the wait has no condition. */
  { readonly cluster: ClusterWait; readonly unsaid: "exists" | "ready" } | { readonly network: NetworkWait };

export interface WaitForPorts {
  /** Asked again until it has one; a text is the reason why there is none yet. */
  readonly openCluster: (call: { readonly signal: AbortSignal }) => Promise<Cluster | string>;
  readonly network: NetworkProbe;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told whenever it is another one. */
  readonly onReason: (reason: string) => void;
}

/**
 * Waits until it is as said.
 *
 * @param seconds - how long at most
 * @throws OperatorError ACTION_WAIT_UNMET with the last reason, ACTION_UNSUPPORTED for what cannot be waited for
 */
export async function waitFor(wait: WaitFor, seconds: number, ports: WaitForPorts): Promise<void> {
  const { clock, signal, onReason } = ports;
  await poll("network" in wait ? networkLook(wait.network, ports.network) : lookOf(wait, ports), {
    title: actionTitle({ wait }),
    seconds,
    clock,
    signal,
    onReason,
  });
}

function lookOf(
  { cluster: wait, unsaid }: Extract<WaitFor, { readonly cluster: unknown }>,
  { openCluster }: WaitForPorts,
): (signal: AbortSignal) => Promise<string | undefined> {
  const condition: WaitCondition = { kind: unsaid };
  let look: ReturnType<typeof clusterLook> | undefined;
  return async (signal) => {
    if (look === undefined) {
      const cluster = await openCluster({ signal });
      if (typeof cluster === "string") return cluster;
      look = clusterLook(wait, cluster, condition);
    }
    return await look(signal);
  };
}
