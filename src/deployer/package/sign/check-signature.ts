import { createHash, timingSafeEqual, verify } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, Verifier } from "@sigstore/verify";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { PackageKey } from "./public-key.ts";

/** Whom a caller believes. */
export interface PackageTrust {
  /** Public keys; a package must be signed by one of them. Default none. */
  readonly keys?: readonly PackageKey[];
  /** Take a package for which nobody vouches. Default false. */
  readonly allowUnsigned?: boolean;
}

/** What a package carries about its signature. */
export interface SignedParts {
  /** For messages. */
  readonly label: string;
  /** The very bytes of `zarf.yaml`. */
  readonly definition: Buffer;
  /** `build.signed`; absent in packages of before v0.71. */
  readonly isSigned: boolean | undefined;
  readonly provenanceFiles: readonly string[];
  /** `zarf.bundle.sig` */
  readonly bundle?: Buffer;
  /** `zarf.yaml.sig`, of before v0.81 */
  readonly legacy?: Buffer;
}

/**
 * Who vouches for a package. A signature that is there must be right where keys are given; one that was taken away is noticed by
 * what it left in the definition.
 *
 * @throws OperatorError PACKAGE_UNTRUSTED, PACKAGE_SIGNATURE_INVALID
 */
export function checkSignature(parts: SignedParts, trust: PackageTrust): "none" | "unchecked" | "valid" {
  const { label, bundle, legacy } = parts;
  const keys = trust.keys ?? [];
  const hasSignature = bundle !== undefined || legacy !== undefined;
  const isSigned = parts.isSigned ?? hasSignature;
  if (isSigned && !hasSignature) throw refused(label, "says that it is signed, but its signature is not there");
  if (!isSigned && (hasSignature || parts.provenanceFiles.includes("zarf.bundle.sig")))
    throw refused(label, "says that it is not signed, but bears the traces of a signature");
  if (!isSigned) {
    if (trust.allowUnsigned === true) return "none";
    throw untrusted(label, "is not signed", [
      "skerry package create DIR --signing-key FILE   makes it signed, where it is yours",
    ]);
  }
  if (keys.length === 0) {
    if (trust.allowUnsigned === true) return "unchecked";
    throw untrusted(label, "is signed, but no public key was given to check it with", [
      "--key cosign.pub   check it with the key it was signed with",
    ]);
  }
  const isValid =
    bundle === undefined
      ? keys.some((key) => isLegacySignedBy(parts.definition, legacy ?? Buffer.alloc(0), key))
      : isBundleSignedBy(label, parts.definition, bundle, keys);
  if (!isValid) {
    const files = keys.map(({ file }) => file).join(", ");
    throw refused(label, `carries a signature that is not by any of the keys given (${files}) over this definition`);
  }
  return "valid";
}

function isBundleSignedBy(label: string, definition: Buffer, bytes: Buffer, keys: readonly PackageKey[]): boolean {
  const bundle = parsedBundle(label, bytes);
  if (bundle.content.$case !== "messageSignature")
    throw refused(label, "carries a signature of another kind than packages have");
  if (bundle.verificationMaterial.content.$case !== "publicKey")
    throw refused(label, "is signed with a certificate (keyless), which a public key cannot check");
  const digest = createHash("sha256").update(definition).digest();
  const promised = bundle.content.messageSignature.messageDigest.digest;
  if (promised.length !== digest.length || !timingSafeEqual(promised, digest)) return false;
  // A log entry or a time stamp proves nothing more about a key; without a trust root they are left out of account, as Zarf does.
  const entity = { ...toSignedEntity(bundle, definition), tlogEntries: [], timestamps: [] };
  return keys.some(({ key }) => {
    const verifier = new Verifier(
      {
        certificateAuthorities: [],
        timestampAuthorities: [],
        tlogs: [],
        ctlogs: [],
        publicKey: () => ({ publicKey: key, validFor: () => true }),
      },
      { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
    );
    try {
      verifier.verify(entity);
      return true;
    } catch {
      return false;
    }
  });
}

function parsedBundle(label: string, bytes: Buffer) {
  try {
    return bundleFromJSON(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw refused(label, "carries a signature that cannot be read", error);
  }
}

function isLegacySignedBy(definition: Buffer, signature: Buffer, { key }: PackageKey): boolean {
  try {
    return verify("sha256", definition, key, Buffer.from(signature.toString("latin1").trim(), "base64"));
  } catch {
    return false;
  }
}

function refused(label: string, what: string, cause?: unknown): OperatorError {
  return new OperatorError("PACKAGE_SIGNATURE_INVALID", `package ${label} ${what}`, {
    next: ["get the package again from whoever signed it, and the public key from a place that you trust"],
    cause,
  });
}

function untrusted(label: string, what: string, next: readonly string[]): OperatorError {
  return new OperatorError("PACKAGE_UNTRUSTED", `package ${label} ${what}, so nobody vouches for it`, {
    next: [...next, "--allow-unsigned   take it as it is"],
  });
}
