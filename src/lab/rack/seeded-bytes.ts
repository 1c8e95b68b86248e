import { createHash } from "node:crypto";

/** Bytes that look random and are the same for the same seed. Only for what identifies simulated machines, never for keys. */
export function seededBytes(seed: string): (size: number) => Uint8Array {
  let count = 0;
  return (size) => {
    const pieces: Buffer[] = [];
    for (let have = 0; have < size; have += 32) {
      count += 1;
      pieces.push(createHash("sha256").update(`${seed}/${count}`).digest());
    }
    return Buffer.concat(pieces).subarray(0, size);
  };
}
