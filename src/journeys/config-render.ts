import { openBundle } from "../bundle/index.ts";
import { OperatorError } from "../lib/errors/index.ts";
import { parseReference } from "../oci/index.ts";
import { loadSite } from "../site/index.ts";
import { redactConfig } from "../talos/config/index.ts";
import { mirrorAddress } from "./mirror-address.ts";
import { siteImages } from "./site-images.ts";
import { loadSiteKeys, mintSiteKeys } from "./site-keys.ts";
import { renderSite } from "./site-rendering.ts";
import type { JourneyWorld } from "./world.ts";

export interface ConfigRenderRequest {
  readonly siteFile: string;
  /** Registries of its closure get a mirror entry; absent: those of the site's own images. */
  readonly bundleFile?: string;
  /** default: all */
  readonly node?: string;
  /** Whether secrets are kept in the text; default they are redacted. */
  readonly secrets: boolean;
}

export interface RenderedConfig {
  readonly node: string;
  readonly role: string;
  readonly yaml: string;
}

/**
 * The machine configs as `up` would apply them. Where the site has no secrets yet, throw-away ones stand in and the text is
 * only fit for reading.
 *
 * @throws OperatorError NODE_UNKNOWN, SITE_SECRETS_MISSING where secrets are asked for and there are none
 */
export async function configRender(
  request: ConfigRenderRequest,
  world: JourneyWorld,
): Promise<{ readonly configs: readonly RenderedConfig[] }> {
  const site = await loadSite(request.siteFile);
  const wanted = site.nodes.filter((node) => request.node === undefined || node.name === request.node);
  if (wanted.length === 0) {
    throw new OperatorError("NODE_UNKNOWN", `${site.name} has no node named ${request.node}`, {
      next: [`its nodes are ${site.nodes.map((node) => node.name).join(", ")}`],
    });
  }
  const kept = await loadSiteKeys(site, world.clock);
  if (kept === undefined && request.secrets) {
    throw new OperatorError("SITE_SECRETS_MISSING", `${site.name} has no secrets yet`, {
      where: { file: site.folder },
      next: ["skerry up makes them; before that, leave --secrets out"],
    });
  }
  const keys = kept ?? (await mintSiteKeys(world.clock));
  const address = await mirrorAddress(site);
  const host = address.includes(":") ? `[${address}]` : address;
  const configs = await renderSite(site, {
    secrets: keys.talos,
    mirror: {
      url: `https://${host}:${site.mirror.port}`,
      caPem: keys.siteCa.certificatePem,
      registries: await registriesOf(request, world),
    },
  });
  return {
    configs: wanted.map((node) => {
      const yaml = configs.get(node.name) ?? "";
      return { node: node.name, role: node.role, yaml: request.secrets ? yaml : redactConfig(yaml) };
    }),
  };
}

async function registriesOf(request: ConfigRenderRequest, world: JourneyWorld): Promise<readonly string[]> {
  if (request.bundleFile === undefined) {
    const images = await siteImages(await loadSite(request.siteFile));
    return registryNames([...images.keys()]);
  }
  const bundle = await openBundle(request.bundleFile, { signal: world.signal });
  try {
    return registryNames(bundle.closure.images.map((image) => image.reference));
  } finally {
    await bundle.close();
  }
}

/** Registry hosts of references, each once, sorted. */
export function registryNames(references: readonly string[]): readonly string[] {
  return [...new Set(references.map((reference) => parseReference(reference).registry))].sort();
}
