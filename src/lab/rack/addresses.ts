/** Loopback addresses of the racks: slot *s* has 127.0.(4s).0 to 127.0.(4s+3).255. See docs/decisions/0001-interfaces.md. */
export const SLOTS = { first: 1, last: 60 } as const;

/** Where the laptop of every rack is. */
export const LAPTOP_ADDRESS = "127.5.0.1";

/** What a slot's machines are given. */
export function addressesOfSlot(slot: number) {
  return {
    node: (index: number) => nodeAddress(slot, index),
    endpoint: endpointAddress(slot),
    laptop: LAPTOP_ADDRESS,
  };
}

/** Where the forwarder of the slot's endpoint listens. */
export function endpointAddress(slot: number): string {
  return `127.0.${4 * slot}.5`;
}

const FIRST_HOST = 10;
const HOSTS_FIRST_NET = 254 - FIRST_HOST + 1;
const HOSTS_NET = 254;

/** How many machines fit in a slot. */
export const MAX_NODES = HOSTS_FIRST_NET + 3 * HOSTS_NET;

/** The address of the `index`-th machine of a slot, from 0: 127.0.(4s).10 upwards, without .0 and .255. */
export function nodeAddress(slot: number, index: number): string {
  if (index < HOSTS_FIRST_NET) return `127.0.${4 * slot}.${FIRST_HOST + index}`;
  const rest = index - HOSTS_FIRST_NET;
  return `127.0.${4 * slot + 1 + Math.floor(rest / HOSTS_NET)}.${1 + (rest % HOSTS_NET)}`;
}
