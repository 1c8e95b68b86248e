import { createHash } from "node:crypto";
import type { RandomBytes } from "../../lib/x509/index.ts";

/**
 * Numbers uniform in [0, 1) that follow from a seed and a label. Whoever draws has a label of its own, so that what one draws
 * does not depend on how often or when others do.
 */
export function seededNumbers(seed: number, label: string): () => number {
  let drawn = 0;
  return () => {
    const hash = createHash("sha256").update(`${seed}/${label}/${drawn}`).digest();
    drawn += 1;
    return hash.readUIntBE(0, 6) / 2 ** 48;
  };
}

/** Bytes that follow from a seed and a label; for names and ids of a simulation, never for secrets. */
export function seededBytes(seed: number, label: string): RandomBytes {
  let drawn = 0;
  return (size) => {
    const pieces: Buffer[] = [];
    for (let bytes = 0; bytes < size; bytes += 32) {
      pieces.push(createHash("sha256").update(`${seed}/${label}/bytes/${drawn}`).digest());
      drawn += 1;
    }
    return Buffer.concat(pieces).subarray(0, size);
  };
}
