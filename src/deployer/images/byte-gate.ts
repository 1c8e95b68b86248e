/** Lets transfers through, bounded by their number and by their bytes together. */
export interface ByteGate {
  /** Runs `work` when there is room; in the order of asking. */
  readonly pass: <T>(sizeBytes: number, work: () => Promise<T>) => Promise<T>;
}

/**
 * Many small transfers or few large ones: a registry across a thin line must not get forty layers at once, and forty configs must not
 * wait for each other.
 *
 * @param limits.bytes - of all transfers at once; a larger one goes alone
 * @param limits.heaviestBytes - what one transfer counts at most, so that some large ones go side by side
 */
export function createByteGate(limits: {
  readonly transfers: number;
  readonly bytes: number;
  readonly heaviestBytes: number;
}): ByteGate {
  const waiting: { readonly weight: number; readonly begin: () => void }[] = [];
  let transfers = 0;
  let bytes = 0;
  const hasRoom = (weight: number): boolean =>
    transfers === 0 || (transfers < limits.transfers && bytes + weight <= limits.bytes);
  const take = (weight: number): void => {
    transfers += 1;
    bytes += weight;
  };
  const give = (weight: number): void => {
    transfers -= 1;
    bytes -= weight;
    for (let next = waiting[0]; next !== undefined && hasRoom(next.weight); next = waiting[0]) {
      waiting.shift();
      take(next.weight);
      next.begin();
    }
  };
  return {
    pass: async (sizeBytes, work) => {
      const weight = Math.min(sizeBytes, limits.heaviestBytes);
      if (waiting.length === 0 && hasRoom(weight)) take(weight);
      else await new Promise<void>((begin) => void waiting.push({ weight, begin }));
      try {
        return await work();
      } finally {
        give(weight);
      }
    },
  };
}
