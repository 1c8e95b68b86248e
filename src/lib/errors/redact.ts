const REDACTED = "[redacted]";

/** A key, certificate request or anything else between PEM armour, with real or escaped line ends. Certificates may stay. */
const pemBlock = /-----BEGIN (?!CERTIFICATE-----)([A-Z0-9 ]+)-----.*?(?:-----END \1-----|$)/gs;
/** PEM in base64, as machine configs and kubeconfigs carry it: "-----BEGIN" always encodes to this. */
const base64Pem = /LS0tLS1CRUdJTi[A-Za-z0-9+/=]*/g;
/** `token: …`, `"password": "…"`, `client-key-data: …`. */
const named =
  /((?:^|[^A-Za-z])(?:[A-Za-z-]*(?:secret|token|password|private_?key|key-data)|auth|key)"?\s*[:=]\s*"?)([A-Za-z0-9+/=_.~-]{12,})/gi;
const authorization = /\b(Bearer|Basic)\s+[A-Za-z0-9+/=_.~-]{8,}/g;
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi;
/** Kubernetes' and Talos' join tokens. */
const joinToken = /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g;
/** Longer than a line of PEM, so that certificates stay readable. */
const longBase64 = /(?<![A-Za-z0-9+/._-])[A-Za-z0-9+][A-Za-z0-9+/]{64,}={0,2}/g;

/**
 * Takes what looks like a secret out of a text that is about to be shown or kept. The second net: secrets are kept out of
 * messages where they are written. Digests (hex), fingerprints and file paths stay readable.
 */
export function redactSecrets(text: string): string {
  return text
    .replace(pemBlock, REDACTED)
    .replace(base64Pem, (text) => (isCertificate(text) ? text : REDACTED))
    .replace(authorization, `$1 ${REDACTED}`)
    .replace(userInfo, `$1${REDACTED}@`)
    .replace(named, (whole, head: string, value: string) => (looksRandom(value) ? `${head}${REDACTED}` : whole))
    .replace(joinToken, (token) => (/\d/.test(token) ? REDACTED : token))
    .replace(longBase64, (run) => (isMixed(run) && !isCertificate(run) ? REDACTED : run));
}

/** PEM in base64 that holds certificates and nothing else. */
function isCertificate(base64: string): boolean {
  const text = Buffer.from(base64, "base64").toString("latin1");
  return text.startsWith("-----BEGIN CERTIFICATE-----") && !text.includes("PRIVATE KEY");
}

function isMixed(run: string): boolean {
  return looksRandom(run) && /[A-Z]/.test(run) && /[a-z]/.test(run);
}

/** Words and field paths have no digits; random text of this length nearly always does. */
function looksRandom(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !/^(sha256|sha512)$/.test(value);
}

/**
 * Takes escape sequences and control characters out of foreign text (a node's message, a registry's answer), so that it
 * cannot move the cursor or recolour the screen. Newlines and tabs stay.
 */
export function stripControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be removed
    /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    "",
  );
}
