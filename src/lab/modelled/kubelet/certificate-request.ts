import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { derSequence, derValue } from "../../../lib/x509/der.ts";

const SET = 0x31;
const UTF8_STRING = 0x0c;
const BIT_STRING = 0x03;
const NO_ATTRIBUTES = Buffer.from([0xa0, 0x00]);
const VERSION_0 = Buffer.from([0x02, 0x01, 0x00]);
const ORGANIZATION = Buffer.from("060355040a", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const ECDSA_WITH_SHA256 = derSequence(Buffer.from("06082a8648ce3d040302", "hex"));

/**
 * A new P-256 key and a request for the client certificate of a kubelet.
 *
 * @param nodeName - goes into `CN=system:node:<name>`, with `O=system:nodes`
 * @returns both as PEM
 * @see https://www.rfc-editor.org/rfc/rfc2986 and https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
 */
export function newCertificateRequest(nodeName: string): { readonly requestPem: string; readonly keyPem: string } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const info = derSequence(
    VERSION_0,
    derSequence(nameAttribute(ORGANIZATION, "system:nodes"), nameAttribute(COMMON_NAME, `system:node:${nodeName}`)),
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
    NO_ATTRIBUTES,
  );
  const signature = sign("sha256", info, privateKey);
  const request = derSequence(info, ECDSA_WITH_SHA256, derValue(BIT_STRING, Buffer.from([0]), signature));
  const lines = request.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    requestPem: `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join("\n")}\n-----END CERTIFICATE REQUEST-----\n`,
    keyPem: privateKey.export({ type: "sec1", format: "pem" }).toString(),
  };
}

function nameAttribute(oid: Buffer, value: string): Buffer {
  return derValue(SET, derSequence(oid, derValue(UTF8_STRING, Buffer.from(value))));
}
