/** Hands out the addresses of a node's pod subnet, lowest first; a CNI does this on a real node. */
export interface PodAddresses {
  /** @throws Error when all are taken */
  readonly take: () => string;
  readonly giveBack: (address: string) => void;
}

/** @param cidr - IPv4: `10.244.1.0/24` */
export function createPodAddresses(cidr: string): PodAddresses {
  const [base = "", prefix = "24"] = cidr.split("/");
  const start = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const count = 2 ** (32 - Number(prefix));
  const taken = new Set<string>();
  return {
    take: () => {
      // The first is the subnet, the second the bridge, the last the broadcast address.
      for (let index = 2; index < count - 1; index += 1) {
        const address = dotted(start + index);
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new Error(`no IP addresses available in range set: ${cidr}`);
    },
    giveBack: (address) => {
      taken.delete(address);
    },
  };
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
