import { OperatorError } from "../../lib/errors/index.ts";
import { publicNamesIn } from "../../talos/config/index.ts";
import { registryNames } from "../config-render.ts";
import { definePhase } from "../engine/index.ts";
import { renderSite } from "../site-rendering.ts";
import { remembered, type UpContext } from "../up/context.ts";

/** Every node's machine config, in memory; nothing in it may point outside. */
export const renderConfigs = definePhase<UpContext, ReadonlyMap<string, string>>({
  id: "render-configs",
  title: "Render configs",
  observe: async (context) => {
    const { site, bundle, ports } = context;
    const keys = remembered(context, "keys");
    return await renderSite(site, {
      secrets: keys.talos,
      readText: ports.readText,
      mirror: {
        url: remembered(context, "mirrorUrl"),
        caPem: keys.siteCa.certificatePem,
        registries: registryNames(bundle.closure.images.map((image) => image.reference)),
      },
    });
  },
  plan: (context, configs) => {
    const outside = [...configs].flatMap(([node, config]) =>
      publicNamesIn(config, { site: ownNames(context) }).map(({ host, at }) => ({
        message: `${host} (${at})`,
        where: { node },
      })),
    );
    if (outside.length > 0) {
      throw new OperatorError("CONFIG_POINTS_OUTSIDE", "machine configs name things that are not at the site", {
        problems: outside,
        next: ["remove them from the patches that site.yaml names, or give addresses that stay at the site"],
      });
    }
    context.memory.configs = configs;
    return [];
  },
});

/** Addresses that site.yaml itself gives to its machines; they stay at the site even where they look public. */
function ownNames({ site, memory }: UpContext): readonly string[] {
  const mirror = memory.mirrorUrl === undefined ? [] : [new URL(memory.mirrorUrl).hostname];
  return [site.endpoint, ...site.nodes.map((node) => node.address), ...mirror];
}
