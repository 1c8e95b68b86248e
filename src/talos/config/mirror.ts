import { toBase64Pem } from "../pki/base64-pem.ts";
import type { ConfigDocument } from "./base-documents.ts";
import type { TalosContract } from "./contract.ts";
import { documentsToYaml } from "./generate.ts";

export interface MirrorInput {
  /** Every registry host that the closure names: `docker.io`, `registry.k8s.io` */
  readonly registries: readonly string[];
  /** `https://ADDRESS:PORT`, without a path */
  readonly mirrorUrl: string;
  /** The site authority's certificate, which signed the mirror's. */
  readonly caPem: string;
  readonly contract: Pick<TalosContract, "writesRegistriesAsDocuments">;
}

/**
 * The patch that makes every registry resolve at the mirror and nowhere else: one entry per registry with its own path
 * (mirrors that ignore `?ns=` keep them apart by it), one `*` entry for any other, no fallback to upstream, and the site
 * authority for the mirror's address. Apply it to a fresh config: a second application would append the endpoints again.
 *
 * @returns YAML, documents in Talos' order (by kind, then name)
 * @see https://www.talos.dev/v1.13/talos-guides/configuration/registries/
 */
export function mirrorDocuments(input: MirrorInput): string {
  return documentsToYaml(
    input.contract.writesRegistriesAsDocuments ? registryDocuments(input) : [machineRegistries(input)],
  );
}

interface Mirror {
  readonly name: string;
  readonly url: string;
  /** Whether the URL is the API root already, `/v2` included. */
  readonly isWholePath: boolean;
}

function mirrorsOf({ registries, mirrorUrl }: MirrorInput): readonly Mirror[] {
  const base = mirrorUrl.replace(/\/+$/, "");
  const exact = [...new Set(registries)].sort().map((name) => ({ name, url: `${base}/v2/${name}`, isWholePath: true }));
  return [{ name: "*", url: base, isWholePath: false }, ...exact];
}

function registryDocuments(input: MirrorInput): readonly ConfigDocument[] {
  const mirrors = mirrorsOf(input).map(({ name, url, isWholePath }) => ({
    apiVersion: "v1alpha1",
    kind: "RegistryMirrorConfig",
    name,
    endpoints: [{ url, ...(isWholePath ? { overridePath: true } : {}) }],
    skipFallback: true,
  }));
  const tls = {
    apiVersion: "v1alpha1",
    kind: "RegistryTLSConfig",
    name: hostOf(input.mirrorUrl),
    ca: input.caPem,
  };
  return [...mirrors, tls];
}

/** The older form, where one flag covers all endpoints of a registry. */
function machineRegistries(input: MirrorInput): ConfigDocument {
  const mirrors = mirrorsOf(input).map(({ name, url, isWholePath }) => [
    name,
    { endpoints: [url], ...(isWholePath ? { overridePath: true } : {}), skipFallback: true },
  ]);
  const config = { [hostOf(input.mirrorUrl)]: { tls: { ca: toBase64Pem(input.caPem) } } };
  return { machine: { registries: { mirrors: Object.fromEntries(mirrors), config } } };
}

/** Host and port as written: `URL.host` would drop port 443, which Talos keeps as part of the name. */
function hostOf(url: string): string {
  return url.replace(/^https:\/\//, "").replace(/\/+$/, "");
}
