import type { Site, SiteNode } from "../site/index.ts";
import { generateConfig, imagesOf, talosImages } from "../talos/config/index.ts";
import type { SecretsBundle } from "../talos/pki/index.ts";
import type { ReadText } from "./ports.ts";
import { configInput, renderSite } from "./site-rendering.ts";

/**
 * Every image that a site's nodes will pull by themselves, with the reasons: what the rendered configs name, and what Talos
 * pulls without being told (etcd, CoreDNS, the sandbox), from the table of its release. Needs no secrets.
 */
export async function siteImages(
  site: Site,
  options: { readonly readText?: ReadText } = {},
): Promise<ReadonlyMap<string, readonly string[]>> {
  const images = new Map<string, string[]>();
  const add = (reference: string, why: string) => {
    const reasons = images.get(reference) ?? [];
    if (!reasons.includes(why)) images.set(reference, [...reasons, why]);
  };

  const mirror = { url: "https://192.0.2.1:5443", caPem: blankPem, registries: [] };
  const groups = alike(site.nodes);
  const models = groups.flatMap(([first]) => (first === undefined ? [] : [first]));
  const configs = await renderSite({ ...site, nodes: models }, { secrets: blankSecrets, mirror, ...options });
  const places = new Map<string, string[]>();
  for (const group of groups) {
    for (const { reference, at } of imagesOf(configs.get(group[0]?.name ?? "") ?? "")) {
      const key = `${reference} ${at}`;
      places.set(key, [...(places.get(key) ?? []), ...group.map((node) => node.name)]);
    }
  }
  for (const [key, nodes] of places) {
    const [reference = "", ...at] = key.split(" ");
    add(reference, `${site.name}: ${at.join(" ")} of ${nodes.length === 1 ? nodes[0] : `${nodes.length} nodes`}`);
  }
  // What an unpatched config names is in the table too; a patch may have replaced it, so the rendered one decides.
  const named = new Set(
    models.flatMap((node) =>
      imagesOf(generateConfig(configInput(site, node, blankSecrets))).map(({ reference }) => reference),
    ),
  );
  const cni = site.cni === "flannel" ? "flannel" : "none";
  for (const { reference, why } of talosImages(site.talos, { kubernetes: site.kubernetes, cni })) {
    if (!named.has(reference)) add(reference, `${site.name}: ${why}`);
  }
  return images;
}

/** Nodes whose configs name the same images: same role, same patches. Rendering one of each keeps a site of hundreds quick. */
function alike(nodes: readonly SiteNode[]): readonly (readonly SiteNode[])[] {
  const groups = new Map<string, SiteNode[]>();
  for (const node of nodes) {
    const key = JSON.stringify([node.role, node.patches, node.link !== undefined]);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [...groups.values()];
}

const blankPem = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
const blankPair = { certificatePem: blankPem, keyPem: "" };

/** Images do not depend on secrets, so a closure is computed with none. Never leaves this file. */
const blankSecrets: SecretsBundle = {
  cluster: { id: "", secret: "" },
  bootstrapToken: "",
  trustdToken: "",
  encryption: { provider: "secretbox", secret: "" },
  certs: { etcd: blankPair, k8s: blankPair, k8sAggregator: blankPair, k8sServiceAccountKeyPem: "", os: blankPair },
};
