import { createCipheriv, createHmac } from "node:crypto";
import type { Socket } from "node:net";

/** Alert descriptions of RFC 8446 §6.2. */
const DESCRIPTIONS = { certificate_expired: 45, unknown_ca: 48, certificate_required: 116 } as const;
export type FatalAlert = keyof typeof DESCRIPTIONS;

/** The only suite that machines of the lab offer, so that the sizes below are known. */
export const CIPHER_SUITE = "TLS_AES_128_GCM_SHA256";
/** Records that OpenSSL has sent under the application keys when a handshake is done: two session tickets. */
const RECORDS_SENT = 2n;

/**
 * Ends a TLS 1.3 connection with a fatal alert about the client's certificate. Talos sends one; Node has no call for it and
 * only hangs up, so the record is made here (RFC 8446 §5.2) from the secret that Node logs for each connection.
 *
 * @param raw - the TCP socket under the TLS connection
 * @param secret - the connection's SERVER_TRAFFIC_SECRET_0
 */
export function sendFatalAlert(raw: Socket, secret: Buffer, alert: FatalAlert): void {
  const key = expandLabel(secret, "key", 16);
  const nonce = expandLabel(secret, "iv", 12);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ RECORDS_SENT, 4);
  const fatal = 2;
  const alertType = 21;
  const inner = Buffer.from([fatal, DESCRIPTIONS[alert], alertType]);
  const header = Buffer.from([23, 3, 3, 0, inner.length + 16]);
  const cipher = createCipheriv("aes-128-gcm", key, nonce).setAAD(header);
  // After what OpenSSL still has to send of the handshake.
  setImmediate(() => raw.end(Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()])));
}

/** The secret in a line of Node's `keylog` event, where it is the one that is needed. */
export function trafficSecretIn(line: Buffer): Buffer | undefined {
  const [label, , secret] = line.toString("latin1").trim().split(" ");
  return label === "SERVER_TRAFFIC_SECRET_0" && secret !== undefined ? Buffer.from(secret, "hex") : undefined;
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1). */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  // One block is enough for both lengths.
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}
