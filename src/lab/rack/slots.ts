import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { endpointAddress, SLOTS } from "./addresses.ts";
import { rackPaths, readRackFile } from "./rack-file.ts";

/** The names of the racks in a state folder, in order. */
export function rackNames(stateDir: string): readonly string[] {
  try {
    return readdirSync(join(stateDir, "racks")).sort();
  } catch {
    return [];
  }
}

/**
 * Slots that no rack of this state folder has and nobody else on this computer listens in, lowest first. The supervisor takes one for good
 * by listening on its endpoint address.
 */
export async function* freeSlots(stateDir: string): AsyncGenerator<number> {
  const racks = rackNames(stateDir).map((name) => readRackFile(rackPaths(stateDir, name).rackFile));
  const taken = new Set(racks.map((rack) => (rack?.interior === "modelled" ? rack.slot : undefined)));
  for (let slot = SLOTS.first; slot <= SLOTS.last; slot += 1) {
    if (!taken.has(slot) && (await canListen(endpointAddress(slot)))) yield slot;
  }
}

async function canListen(address: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(6443, address);
    await once(server, "listening");
    server.close();
    return true;
  } catch {
    return false;
  }
}
