import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { readPrivateKey, readPublicKey } from "../../../src/bundle/sign/keys.ts";
import { isSignedBy, readSignature, signIndex } from "../../../src/bundle/sign/signature.ts";
import { checkTrust } from "../../../src/bundle/sign/trust.ts";

type Pair = { readonly privateKey: string; readonly publicKey: string };
const texts = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair => ({
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
});
const ed25519 = (): Pair => texts(generateKeyPairSync("ed25519"));
const curve = (namedCurve: string): Pair => texts(generateKeyPairSync("ec", { namedCurve }));

const ours = ed25519();
const index = Buffer.from('{"manifests":[]}');
const signed = (pair: Pair) => {
  const signature = readSignature(signIndex(index, readPrivateKey({ file: "bundle.key", pem: pair.privateKey })));
  if (signature === undefined) throw new Error("not read back");
  return { file: "a.bundle.tar", indexBytes: index, signature };
};
const trusting = (...pairs: readonly Pair[]) => ({
  keys: pairs.map(({ publicKey }, at) => ({ file: `key-${at}.pub`, pem: publicKey })),
  allowUnsigned: false,
});

describe("checkTrust()", () => {
  it.each([
    ["Ed25519", ours],
    ["ECDSA P-256", curve("P-256")],
  ])("accepts what a trusted %s key signed", (_, pair) => {
    const result = checkTrust(signed(pair), trusting(ed25519(), pair));

    expect(result).toMatchObject({ kind: "signed", keyFile: "key-1.pub" });
  });

  it("refuses a bundle without a signature, unless that is allowed", () => {
    const bundle = { file: "a.bundle.tar", indexBytes: index };

    expect(() => checkTrust(bundle, trusting(ours))).toThrow(expect.objectContaining({ code: "BUNDLE_UNSIGNED" }));
    expect(checkTrust(bundle, { keys: [], allowUnsigned: true })).toEqual({ kind: "unsigned" });
  });

  it("refuses a foreign key, also where unsigned bundles are allowed", () => {
    const unknown = expect.objectContaining({ code: "BUNDLE_KEY_UNKNOWN" });

    expect(() => checkTrust(signed(ed25519()), trusting(ours))).toThrow(unknown);
    expect(() => checkTrust(signed(ed25519()), { ...trusting(ours), allowUnsigned: true })).toThrow(unknown);
    expect(() => checkTrust(signed(ours), trusting())).toThrow(unknown);
  });

  it("does not call a signature checked that no key was named for", () => {
    expect(checkTrust(signed(ours), { keys: [], allowUnsigned: true })).toMatchObject({ kind: "unchecked" });
  });

  it("refuses an index that was changed after signing, and a foreign signature under a trusted id", () => {
    const invalid = expect.objectContaining({ code: "BUNDLE_SIGNATURE_INVALID" });
    const bundle = signed(ours);
    const forged = { ...bundle, signature: { ...signed(ed25519()).signature, keyId: bundle.signature.keyId } };

    expect(() => checkTrust({ ...bundle, indexBytes: Buffer.from('{"manifests":[1]}') }, trusting(ours))).toThrow(
      invalid,
    );
    expect(() => checkTrust(forged, trusting(ours))).toThrow(invalid);
  });
});

describe("readSignature()", () => {
  const bytes = signIndex(index, readPrivateKey({ file: "bundle.key", pem: ours.privateKey }));
  const key = readPublicKey({ file: "bundle.pub", pem: ours.publicKey });

  test.prop([fc.nat(bytes.length * 8 - 1)], { numRuns: 500 })(
    "lets no flipped bit through to a valid signature",
    (bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const signature = readSignature(flipped);

      expect(signature !== undefined && isSignedBy(index, signature, key)).toBe(false);
    },
  );
});

describe("readPrivateKey(), readPublicKey()", () => {
  const unusable = expect.objectContaining({ code: "BUNDLE_KEY_UNUSABLE" });
  const rsa = texts(generateKeyPairSync("rsa", { modulusLength: 1024 }));
  const encrypted = generateKeyPairSync("ed25519")
    .privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
    .toString();

  it("give one id to both halves of a key", () => {
    const both = [
      readPrivateKey({ file: "k", pem: ours.privateKey }),
      readPublicKey({ file: "k", pem: ours.publicKey }),
    ];

    expect(both[0]?.keyId).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(both[0]?.keyId).toBe(both[1]?.keyId);
  });

  it.each([
    ["RSA", rsa.privateKey],
    ["an encrypted key", encrypted],
    ["a public key", ours.publicKey],
    ["no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ["nothing", ""],
  ])("refuse %s for signing", (_, text) => {
    expect(() => readPrivateKey({ file: "k", pem: text })).toThrow(unusable);
  });

  it.each([
    ["RSA", rsa.publicKey],
    ["a private key", ours.privateKey],
    ["another curve", curve("P-384").publicKey],
    ["nothing", ""],
  ])("refuse %s for checking", (_, text) => {
    expect(() => readPublicKey({ file: "k", pem: text })).toThrow(unusable);
  });

  it("never quote a key", () => {
    const broken = ours.privateKey.replace("MC4", "MCA");

    expect(() => readPrivateKey({ file: "k", pem: broken })).toThrow(
      expect.toSatisfy((error: Error) => !error.message.includes("MCA") && error.cause === undefined),
    );
  });
});
