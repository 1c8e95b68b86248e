import { X509Certificate } from "node:crypto";
import { readDerValues } from "./der.ts";

/** What signing needs from the issuer's certificate, byte for byte. */
export interface IssuerFields {
  /** The subject as DER Name; becomes the issuer of what is signed. */
  readonly subjectDer: Buffer;
  /** SubjectKeyIdentifier; undefined when the certificate has none. */
  readonly subjectKeyId: Buffer | undefined;
}

const SUBJECT_KEY_ID_OID = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0e]);
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;

/**
 * Takes subject and key identifier out of a certificate that node:crypto has accepted.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1 (TBSCertificate)
 */
export function readIssuerFields(certificatePem: string): IssuerFields {
  const [certificate] = readDerValues(new X509Certificate(certificatePem).raw);
  const [tbs] = readDerValues(required(certificate).content);
  const fields = readDerValues(required(tbs).content);
  const offset = fields[0]?.tag === VERSION_TAG ? 1 : 0;
  // serialNumber, signature, issuer, validity, subject
  const subject = required(fields[offset + 4]);
  const wrapper = fields.find((field) => field.tag === EXTENSIONS_TAG);
  return { subjectDer: subject.whole, subjectKeyId: wrapper === undefined ? undefined : findKeyId(wrapper.content) };
}

function findKeyId(extensions: Buffer): Buffer | undefined {
  const [list] = readDerValues(extensions);
  for (const extension of readDerValues(required(list).content)) {
    const parts = readDerValues(extension.content);
    const value = parts.at(-1);
    if (value !== undefined && parts[0]?.whole.equals(SUBJECT_KEY_ID_OID) === true) {
      return required(readDerValues(value.content)[0]).content;
    }
  }
  return undefined;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("certificate ends early");
  return value;
}
