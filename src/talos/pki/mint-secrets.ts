import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { Clock } from "../../lib/clock.ts";
import { type CertificateAndKey, issueAuthority, type RandomBytes, toTalosKeyPem } from "../../lib/x509/index.ts";
import { years } from "./lifetimes.ts";
import type { SecretsBundle } from "./secrets-bundle.ts";
import { newToken } from "./token.ts";

export interface MintPorts {
  readonly clock: Pick<Clock, "now">;
  readonly random: RandomBytes;
}

const SECRET_BYTES = 32;
const SERVICE_ACCOUNT_KEY_BITS = 4096;

/**
 * Makes all secrets of a new cluster, as Talos 1.12 to 1.14 make them: authorities valid from now for ten years, an RSA 4096 key
 * for service accounts (which takes a second or two and runs off the main thread). Private keys come from OpenSSL's own random
 * source; serials, key identifiers and tokens from `random`.
 *
 * @param options.newServiceAccountKey - PEM; for rehearsals, which need the key only to be there
 */
export async function mintSecrets(
  { clock, random }: MintPorts,
  options: { readonly newServiceAccountKey?: () => string | Promise<string> } = {},
): Promise<SecretsBundle> {
  const notBefore = clock.now();
  const authority = (subject: { organizations?: readonly string[] }, key: "ed25519" | "p256"): CertificateAndKey => {
    const issued = issueAuthority(
      { subject, key, notBefore, notAfter: years(notBefore, 10), extendedKeyUsage: ["serverAuth", "clientAuth"] },
      { random },
    );
    return { ...issued, keyPem: toTalosKeyPem(issued.keyPem) };
  };
  return {
    cluster: { id: toBase64(random(SECRET_BYTES), "url"), secret: toBase64(random(SECRET_BYTES)) },
    bootstrapToken: newToken(random),
    trustdToken: newToken(random),
    encryption: { provider: "secretbox", secret: toBase64(random(SECRET_BYTES)) },
    certs: {
      etcd: authority({ organizations: ["etcd"] }, "p256"),
      k8s: authority({ organizations: ["kubernetes"] }, "p256"),
      // Talos' own generator leaves this subject empty.
      k8sAggregator: authority({}, "p256"),
      k8sServiceAccountKeyPem: await (options.newServiceAccountKey ?? newServiceAccountKey)(),
      os: authority({ organizations: ["talos"] }, "ed25519"),
    },
  };
}

async function newServiceAccountKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: SERVICE_ACCOUNT_KEY_BITS,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  return privateKey;
}

/** Base64 with padding; "url" takes the URL-safe alphabet. */
function toBase64(bytes: Uint8Array, alphabet: "standard" | "url" = "standard"): string {
  const text = Buffer.from(bytes).toString("base64");
  return alphabet === "url" ? text.replaceAll("+", "-").replaceAll("/", "_") : text;
}
