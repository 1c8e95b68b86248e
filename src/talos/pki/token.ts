import type { RandomBytes } from "../../lib/x509/index.ts";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
/** The largest multiple of 36 in a byte; bytes from here on would favour the first letters. */
const UNBIASED_LIMIT = 252;

/** A token in kubeadm's form, `abcdef.0123456789abcdef`. */
export function newToken(random: RandomBytes): string {
  return `${letters(6, random)}.${letters(16, random)}`;
}

function letters(count: number, random: RandomBytes): string {
  let text = "";
  while (text.length < count) {
    for (const byte of random(count - text.length)) {
      if (byte < UNBIASED_LIMIT) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}
