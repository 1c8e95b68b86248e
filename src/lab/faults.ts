/** Faults on demand, chosen when a rack is started or later through its control socket. */
export type Fault = MachineFault | NetworkFault;

/** What is wrong with one machine. */
export type MachineFault =
  | { readonly kind: "drop-connections"; readonly node: string; readonly count: number }
  | { readonly kind: "slow-disk"; readonly node: string; readonly factor: number }
  | { readonly kind: "wrong-serial"; readonly node: string }
  | { readonly kind: "refuse-install"; readonly node: string }
  | { readonly kind: "dead"; readonly node: string }
  | {
      readonly kind: "lose-power";
      readonly node: string;
      readonly at: "applying" | "installing" | "rebooting" | "booting" | "running";
    }
  /** Its clock is off by this much; negative: behind. */
  | { readonly kind: "clock"; readonly node: string; readonly offsetSeconds: number }
  /** From its next boot on its disk for images, containers and etcd holds this much and no more. Contained racks only. */
  | { readonly kind: "full-disk"; readonly node: string; readonly bytes: number };

/** What is wrong with the cables and the switch; contained racks only. `node` is a machine or, but for a partition, `laptop`. */
export type NetworkFault =
  /** Of what this machine receives, so many in a hundred packets are lost, and of what it sends too. */
  | { readonly kind: "loss"; readonly node: string; readonly percent: number }
  /** The machine, and those with it, hear nothing of the other machines, nor these of them. The laptop reaches all. */
  | { readonly kind: "partition"; readonly node: string; readonly with: readonly string[] }
  /** Everything it receives comes later by so much, and everything it sends. */
  | { readonly kind: "delay"; readonly node: string; readonly milliseconds: number }
  /** The cable between it and the switch is out. */
  | { readonly kind: "unplug"; readonly node: string };

/** The name of the laptop where a fault asks for a machine. */
export const LAPTOP = "laptop";

const networkKinds: readonly Fault["kind"][] = ["loss", "partition", "delay", "unplug"];

export function isNetworkFault(fault: Fault): fault is NetworkFault {
  return networkKinds.includes(fault.kind);
}

/** Whether only a contained rack has what the fault is about. */
export function needsContainment(fault: Fault): boolean {
  return isNetworkFault(fault) || fault.kind === "full-disk";
}
