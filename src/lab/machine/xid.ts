import type { RandomBytes } from "../../lib/x509/index.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";

/** Makes sortable 20-character ids as Talos' events have: seconds, five bytes of the machine, a counter. */
export function createXids(random: RandomBytes): (now: Date) => string {
  const machine = Buffer.from(random(5));
  let counter = Buffer.from(random(3)).readUIntBE(0, 3);
  return (now) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(Math.trunc(now.getTime() / 1000), 0);
    machine.copy(bytes, 4);
    counter = (counter + 1) & 0xffffff;
    bytes.writeUIntBE(counter, 9, 3);
    return base32Hex(bytes);
  };
}

function base32Hex(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}
