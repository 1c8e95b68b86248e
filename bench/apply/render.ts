import { renderSite } from "../../src/journeys/site-rendering.ts";
import { parseSite } from "../../src/site/index.ts";
import { readSecrets } from "../../src/talos/pki/index.ts";

/** What the configs of a site are made from. */
export interface SiteSource {
  /** site.yaml */
  readonly site: string;
  /** secrets.yaml */
  readonly secrets: string;
  /** Certificate of the CA behind the mirror, PEM. */
  readonly caPem: string;
}

const registries = ["docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io"];

/** The configs of a site, as `up` renders them. */
export async function render({ site, secrets, caPem }: SiteSource): Promise<readonly string[]> {
  const configs = await renderSite(parseSite(site, "site.yaml"), {
    secrets: readSecrets(secrets, { file: "secrets.yaml" }),
    mirror: { url: "https://127.5.0.1:5443", caPem, registries },
  });
  return [...configs.values()];
}
