/** Talos keeps PEM texts in YAML as one line of base64 over the whole text, final newline included. */
export function toBase64Pem(pem: string): string {
  return Buffer.from(pem, "utf8").toString("base64");
}

/** The PEM text, or undefined when this is not base64 of UTF-8 text. */
export function fromBase64Pem(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const pem = Buffer.from(text, "base64").toString("utf8");
  return pem.includes("\uFFFD") ? undefined : pem;
}
