import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { OperatorError } from "../lib/errors/index.ts";
import type { Site } from "../site/index.ts";

/**
 * The address that the nodes pull from: the site's own choice, else the source address of the route to the nodes.
 * Nothing is sent: connecting a UDP socket only asks the kernel for the route.
 *
 * @throws OperatorError MIRROR_ADDRESS_UNCLEAR where nodes are reached from different addresses, or there is no route
 */
export async function mirrorAddress(site: Site): Promise<string> {
  if (site.mirror.address !== undefined) return site.mirror.address;
  const byAddress = new Map<string, string[]>();
  for (const node of site.nodes) {
    const source = await sourceAddress(node.maintenanceAddress ?? node.address);
    byAddress.set(source, [...(byAddress.get(source) ?? []), node.name]);
  }
  const [only, ...others] = [...byAddress.keys()];
  if (only !== undefined && only !== "" && others.length === 0) return only;
  throw new OperatorError("MIRROR_ADDRESS_UNCLEAR", "the nodes do not all see this laptop under one address", {
    problems: [...byAddress].map(([source, names]) => ({
      message: `${source === "" ? "no route" : `from ${source}`}: ${names.join(", ")}`,
    })),
    next: ["set mirror.address in site.yaml to the address that every node can reach"],
  });
}

async function sourceAddress(target: string): Promise<string> {
  const socket = createSocket(isIPv6(target) ? "udp6" : "udp4");
  try {
    return await new Promise<string>((resolve) => {
      socket.once("error", () => resolve(""));
      // Not as a callback of connect(): that is called after a failure too, with an address of zeros.
      socket.once("connect", () => resolve(socket.address().address));
      socket.connect(50_000, target);
    });
  } finally {
    socket.close();
  }
}
