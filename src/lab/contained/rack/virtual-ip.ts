import type { NetworkFault } from "../../faults.ts";
import { isReachable } from "./network-rules.ts";

export interface Candidate {
  readonly name: string;
  /** Whether its API server answers. */
  readonly isServing: boolean;
}

/**
 * Who has the virtual IP, as Talos' control planes elect it through etcd: one whose API server answers and that reaches more than half of
 * the control planes; who has it keeps it as long as it can. Undefined: nobody.
 *
 * @see https://docs.siderolabs.com/talos/v1.13/networking/advanced/vip
 */
export function virtualIpHolder(
  controlPlanes: readonly Candidate[],
  options: { readonly current: string | undefined; readonly faults: readonly NetworkFault[] },
): string | undefined {
  const able = controlPlanes.filter((candidate) => {
    // One that is unplugged does not even reach the switch.
    const reached = controlPlanes.filter((other) => isReachable(candidate.name, other.name, options.faults));
    return candidate.isServing && 2 * reached.length > controlPlanes.length;
  });
  const holder = able.find(({ name }) => name === options.current) ?? able[0];
  return holder?.name;
}
