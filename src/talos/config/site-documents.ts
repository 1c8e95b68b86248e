import { OperatorError } from "../../lib/errors/index.ts";
import type { ConfigDocument } from "./base-documents.ts";
import type { NodeConfigInput, NodeLink } from "./config-input.ts";

const LINK_ALIAS = "net0";
const DEFAULT_BOOT_TIMEOUT = "2m0s";
/**
 * Given where a site has no name server: without any, Talos falls back to public ones (1.1.1.1, 8.8.8.8). Nothing listens
 * here, so a look-up fails at once instead of waiting for packets that nobody answers.
 */
const NO_NAMESERVER = "127.0.0.1";

/** The documents that make a node part of a site: static name, names and time from the site or from nowhere, its link. */
export function siteDocuments(input: NodeConfigInput): readonly ConfigDocument[] {
  return [
    document("HostnameConfig", { auto: "off", hostname: input.hostname }),
    resolver(input),
    timeSync(input),
    ...(input.link === undefined ? [] : linkDocuments(input.link, input)),
  ];
}

function resolver({ nameservers }: NodeConfigInput): ConfigDocument {
  const addresses = nameservers.length === 0 ? [NO_NAMESERVER] : nameservers;
  return document("ResolverConfig", { nameservers: addresses.map((address) => ({ address })) });
}

/**
 * With servers: a wait that ends, so that a node boots when its time server is gone. Without: no time service at all, because
 * Talos would ask time.cloudflare.com and a node without time does not bootstrap etcd.
 */
function timeSync({ timeServers, bootTimeout = DEFAULT_BOOT_TIMEOUT }: NodeConfigInput): ConfigDocument {
  assertFinite(bootTimeout);
  return timeServers.length === 0
    ? document("TimeSyncConfig", { enabled: false, bootTimeout })
    : document("TimeSyncConfig", { enabled: true, bootTimeout, ntp: { servers: timeServers } });
}

function linkDocuments(link: NodeLink, { role }: NodeConfigInput): readonly ConfigDocument[] {
  const { mac, address, gateway, vip } = link;
  const alias = document("LinkAliasConfig", {
    name: LINK_ALIAS,
    selector: { match: `mac(link.permanent_addr) == "${mac.toLowerCase()}"` },
  });
  const routes = gateway === undefined ? {} : { routes: [{ gateway }] };
  const addresses =
    address === undefined
      ? []
      : [document("LinkConfig", { name: LINK_ALIAS, up: true, addresses: [{ address }], ...routes })];
  const isVipHolder = vip !== undefined && role === "controlplane";
  return [alias, ...addresses, ...(isVipHolder ? [document("Layer2VIPConfig", { name: vip, link: LINK_ALIAS })] : [])];
}

function document(kind: string, fields: ConfigDocument): ConfigDocument {
  return { apiVersion: "v1alpha1", kind, ...fields };
}

function assertFinite(bootTimeout: string): void {
  if (!/^(\d+(\.\d+)?(h|m|s|ms))+$/.test(bootTimeout) || !/[1-9]/.test(bootTimeout)) {
    throw new OperatorError(
      "TALOS_CONFIG_INPUT_INVALID",
      `bootTimeout ${JSON.stringify(bootTimeout)} is not a time greater than nothing`,
      { next: ["write it like 2m or 90s; zero would make a node wait for ever"] },
    );
  }
}
