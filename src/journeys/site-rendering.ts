import type { DiskSelector, Site, SiteNode } from "../site/index.ts";
import {
  applyPatches,
  contractFor,
  defaultInstaller,
  generateConfig,
  type InstallTarget,
  mirrorDocuments,
  type NodeConfigInput,
} from "../talos/config/index.ts";
import type { SecretsBundle } from "../talos/pki/index.ts";
import { patchesOf } from "./machine-configs.ts";
import type { ReadText } from "./ports.ts";

/** Where the nodes of a site pull from. */
export interface MirrorPlace {
  /** `https://10.5.0.1:5443` */
  readonly url: string;
  /** Certificate of the site CA, PEM. */
  readonly caPem: string;
  /** Registry hosts of the closure. */
  readonly registries: readonly string[];
}

export interface RenderInput {
  readonly secrets: SecretsBundle;
  readonly mirror: MirrorPlace;
  /** How patches are read; default from disk. */
  readonly readText?: ReadText;
}

/**
 * The machine config of every node: what Talos would generate, the node's name, link and time, the mirror, then the site's
 * patches. The same input gives the same bytes, which is how a run finds out whether a node already has its config.
 *
 * @throws OperatorError TALOS_RELEASE_UNKNOWN, FILE_UNREADABLE, PATCH_… from a patch that does not fit
 */
export async function renderSite(site: Site, input: RenderInput): Promise<ReadonlyMap<string, string>> {
  const configs = await Promise.all(
    site.nodes.map(async (node) => [node.name, await renderNode(site, node, input)] as const),
  );
  return new Map(configs);
}

async function renderNode(site: Site, node: SiteNode, { secrets, mirror, readText }: RenderInput): Promise<string> {
  const contract = contractFor(site.talos);
  const mirrorPatch = mirrorDocuments({
    registries: mirror.registries,
    mirrorUrl: mirror.url,
    caPem: mirror.caPem,
    contract,
  });
  return applyPatches(generateConfig(configInput(site, node, secrets)), [
    { file: "registry-mirror.yaml (rendered)", text: mirrorPatch },
    ...(await patchesOf(site, node, readText)),
  ]);
}

/** What the generator needs to know of one node; without the site's patches. */
export function configInput(site: Site, node: SiteNode, secrets: SecretsBundle): NodeConfigInput {
  const host = site.endpoint.includes(":") ? `[${site.endpoint}]` : site.endpoint;
  return {
    contract: contractFor(site.talos),
    role: node.role,
    secrets,
    clusterName: site.name,
    endpoint: `https://${host}:6443`,
    kubernetesVersion: site.kubernetes,
    install: installTarget(node.disk, defaultInstaller(site.talos)),
    certSANs: node.role === "controlplane" ? [site.endpoint] : [],
    podSubnets: site.network.podSubnets,
    serviceSubnets: site.network.serviceSubnets,
    cni: site.cni === "flannel" ? "flannel" : "none",
    hostname: node.name,
    nameservers: site.network.nameservers,
    timeServers: site.network.timeServers,
    ...(node.link === undefined ? {} : { link: linkOf(site, node, node.link) }),
  };
}

function linkOf(site: Site, node: SiteNode, mac: string): NonNullable<NodeConfigInput["link"]> {
  return {
    mac,
    address: `${node.address}/${site.network.prefix}`,
    ...(site.network.gateway === undefined ? {} : { gateway: site.network.gateway }),
    ...(site.virtualIP && node.role === "controlplane" ? { vip: site.endpoint } : {}),
  };
}

/** A path alone is Talos' `disk`; anything more is its `diskSelector`, whose own rules `matchDisks` follows. */
function installTarget(disk: DiskSelector, image: string): InstallTarget {
  const { path, serial, model, wwid, type, size } = disk;
  if (path !== undefined) return { image, disk: path };
  return {
    image,
    diskSelector: {
      ...(serial === undefined ? {} : { serial }),
      ...(model === undefined ? {} : { model }),
      ...(wwid === undefined ? {} : { wwid }),
      ...(type === undefined ? {} : { type }),
      ...(size === undefined ? {} : { size: size.replaceAll(" ", "") }),
    },
  };
}
