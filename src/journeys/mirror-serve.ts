import { openBundle } from "../bundle/index.ts";
import { OperatorError } from "../lib/errors/index.ts";
import { loadSite } from "../site/index.ts";
import { mirrorAddress } from "./mirror-address.ts";
import { loadSiteKeys } from "./site-keys.ts";
import { trustOf } from "./trusted-keys.ts";
import { serveBundle } from "./up/served-mirror.ts";
import type { JourneyWorld } from "./world.ts";

export interface MirrorServeRequest {
  readonly siteFile: string;
  readonly bundleFile: string;
  readonly onReady: (at: { readonly url: string; readonly images: number }) => void;
  readonly onRequest: (line: {
    readonly node: string;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly bytes: number;
  }) => void;
}

/**
 * Serves a bundle to the nodes of a site until the signal aborts, with the certificate that their configs trust.
 *
 * @throws OperatorError SITE_SECRETS_MISSING where the site was never brought up: no node would trust this mirror
 */
export async function mirrorServe(
  request: MirrorServeRequest,
  world: JourneyWorld,
): Promise<{ readonly requests: number; readonly bytes: number }> {
  const site = await loadSite(request.siteFile);
  const keys = await loadSiteKeys(site, world.clock);
  if (keys === undefined) {
    throw new OperatorError("SITE_SECRETS_MISSING", `${site.name} has no secrets yet, so no node trusts its mirror`, {
      where: { file: site.folder },
      next: ["skerry up     makes the secrets, and serves the mirror itself"],
    });
  }
  const bundle = await openBundle(request.bundleFile, { signal: world.signal, trust: await trustOf(site) });
  try {
    const names = new Map(site.nodes.map((node) => [node.address, node.name]));
    const served = await serveBundle({
      bundle,
      site,
      keys,
      address: await mirrorAddress(site),
      clock: world.clock,
      onRequest: ({ client, method, image, repository, digest, status, bytes }) =>
        request.onRequest({
          node: names.get(client) ?? client,
          method,
          path: image ?? [repository, digest].filter((part) => part !== undefined).join("@"),
          status,
          bytes,
        }),
      signal: world.signal,
    });
    try {
      request.onReady({ url: served.url, images: bundle.images().length });
      if (!world.signal.aborted) {
        await new Promise<void>((resolve) => world.signal.addEventListener("abort", () => resolve(), { once: true }));
      }
      const { requests, bytes } = served.tally();
      return { requests, bytes };
    } finally {
      await served.close();
    }
  } finally {
    await bundle.close();
  }
}
