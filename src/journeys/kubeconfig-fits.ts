import { X509Certificate } from "node:crypto";
import { parse } from "yaml";

/** A kubeconfig this close to the end of its certificate is fetched anew. */
const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000;

/**
 * Whether a kubeconfig that is already there is still good for this cluster: same endpoint, same authority, not about to expire.
 * Anything that cannot be read is not good.
 */
export function kubeconfigFits(
  text: string,
  wanted: { readonly endpoint: string; readonly authorityPem: string; readonly now: Date },
): boolean {
  try {
    const config = parse(text, { maxAliasCount: 0 }) as {
      readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
      readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
    };
    const cluster = config.clusters[0]?.cluster;
    const crt = Buffer.from(config.users[0]?.user["client-certificate-data"] ?? "", "base64");
    const server = new URL(cluster?.["server"] ?? "");
    return (
      server.hostname.replace(/^\[|\]$/g, "") === wanted.endpoint &&
      Buffer.from(cluster?.["certificate-authority-data"] ?? "", "base64")
        .toString()
        .trim() === wanted.authorityPem.trim() &&
      new X509Certificate(crt).validToDate.getTime() - wanted.now.getTime() > RENEW_BEFORE_MS
    );
  } catch {
    return false;
  }
}
