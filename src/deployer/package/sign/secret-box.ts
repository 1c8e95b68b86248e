import { randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { z } from "zod";

const derive = promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt);
const keyBytes = 32;

/** Bounds, so that a key file from elsewhere cannot take the machine's memory: 256 MiB at most. */
const Sealed = z.object({
  kdf: z.object({
    name: z.literal("scrypt"),
    params: z.object({
      N: z
        .int()
        .min(2)
        .max(2 ** 18)
        .refine((n) => Number.isInteger(Math.log2(n))),
      r: z.int().min(1).max(8),
      p: z.int().min(1).max(4),
    }),
    salt: z.base64(),
  }),
  cipher: z.object({ name: z.literal("nacl/secretbox"), nonce: z.base64() }),
  ciphertext: z.base64(),
});

/** What cosign derives a key with. */
const defaults = { N: 65_536, r: 8, p: 1 };
const memory = ({ N, r, p }: typeof defaults) => ({ N, r, p, maxmem: 128 * N * r * p + (32 << 20) });

/** Seals a secret with a password as cosign does: scrypt, then NaCl's secretbox. @see https://github.com/secure-systems-lab/go-securesystemslib/tree/v0.9.0/encrypted */
export async function sealSecret(secret: Uint8Array, password: Uint8Array): Promise<string> {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const key = await derive(password, salt, keyBytes, memory(defaults));
  const ciphertext = xsalsa20poly1305(key, nonce).encrypt(secret);
  return JSON.stringify({
    kdf: { name: "scrypt", params: defaults, salt: salt.toString("base64") },
    cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
    ciphertext: Buffer.from(ciphertext).toString("base64"),
  });
}

/** @returns undefined where the text is not such a box; "locked" where the password does not open it */
export async function openSecret(text: string, password: Uint8Array): Promise<Buffer | "locked" | undefined> {
  const parsed = Sealed.safeParse(parsedJson(text));
  if (!parsed.success) return undefined;
  const { kdf, cipher, ciphertext } = parsed.data;
  const nonce = Buffer.from(cipher.nonce, "base64");
  if (nonce.length !== 24) return undefined;
  const key = await derive(password, Buffer.from(kdf.salt, "base64"), keyBytes, memory(kdf.params));
  try {
    return Buffer.from(xsalsa20poly1305(key, nonce).decrypt(Buffer.from(ciphertext, "base64")));
  } catch {
    return "locked";
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
