import ipaddr from "ipaddr.js";
import {
  type ConfigValue,
  isMapping,
  listAt,
  ofKind,
  readConfigValues,
  textsAt,
  textsIn,
  valueAt,
} from "./config-values.ts";
import { imagesOf } from "./images-of.ts";

/** Something public that a node with this config would dial. */
export interface OutsideName {
  /** Host or address. */
  readonly host: string;
  /** Where the config says so, or which default stands in where it says nothing. */
  readonly at: string;
}

export interface OutsideOptions {
  /** Names and addresses (CIDR allowed) of the site itself that look public; a name covers those below it. */
  readonly site?: readonly string[];
}

const PRIVATE_SUFFIXES = [
  "local",
  "internal",
  "lan",
  "home.arpa",
  "localhost",
  "test",
  "example",
  "invalid",
  "localdomain",
];
/** Texts with URLs that no node dials for being there. */
const NOT_DIALLED = /^(cluster\.inlineManifests|machine\.files|manifest$|contents?$|configFiles)/;

/**
 * Every public host that a node with this config would dial: API endpoint, name and time servers, discovery, manifests, mirrors,
 * registries without a mirror, log and event sinks, key servers, proxies; also through a default of Talos where the config is silent.
 * Images themselves count only as far as nothing mirrors them.
 */
export function publicNamesIn(configYaml: string, { site = [] }: OutsideOptions = {}): readonly OutsideName[] {
  const documents = readConfigValues(configYaml);
  const isOurs = siteMatcher(site);
  const found = [
    ...urlsIn(documents),
    ...bareHosts(documents),
    ...nameServers(documents),
    ...timeServers(documents),
    ...discovery(documents),
    ...registries(
      documents,
      imagesOf(configYaml).map(({ reference }) => reference),
    ),
  ];
  const outside = found.filter(({ host }) => isPublic(host) && !isOurs(host));
  return [...new Map(outside.map((name) => [`${name.host} ${name.at}`, name])).values()];
}

function urlsIn(documents: readonly ConfigValue[]): readonly OutsideName[] {
  return documents.flatMap((document) =>
    [...textsIn(document)]
      .filter(({ path }) => !NOT_DIALLED.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"',]+/gi)].flatMap(([url]) => {
          const host = hostOf(url);
          return host === "" ? [] : [{ host, at: place(document, path) }];
        }),
      ),
  );
}

/** Fields that hold a host without a scheme. */
const BARE_HOSTS: Readonly<Record<string, readonly string[]>> = {
  EventSinkConfig: ["endpoint"],
  KubeSpanEndpointsConfig: ["extraAnnouncedEndpoints"],
  TCPProbeConfig: ["endpoint"],
};

function bareHosts(documents: readonly ConfigValue[]): readonly OutsideName[] {
  return Object.entries(BARE_HOSTS).flatMap(([kind, paths]) =>
    ofKind(documents, kind).flatMap((document) =>
      paths.flatMap((path) => {
        const value = valueAt(document, path);
        const texts = typeof value === "string" ? [value] : textsAt(document, path);
        return texts
          .filter((text) => !text.includes("://"))
          .map((text) => ({ host: hostOf(`x://${text}`), at: place(document, path) }));
      }),
    ),
  );
}

function nameServers(documents: readonly ConfigValue[]): readonly OutsideName[] {
  const configured = documents.flatMap((document) => [
    ...textsAt(document, "machine.network.nameservers").map((host) => ({ host, at: "machine.network.nameservers" })),
    ...(document["kind"] === "ResolverConfig" ? listAt(document, "nameservers") : []).flatMap((server) =>
      isMapping(server) && typeof server["address"] === "string"
        ? [{ host: server["address"], at: "ResolverConfig: nameservers" }]
        : [],
    ),
  ]);
  return configured.length > 0 ? configured : [{ host: "1.1.1.1", at: "Talos' default name server, as none is set" }];
}

function timeServers(documents: readonly ConfigValue[]): readonly OutsideName[] {
  const [config] = ofKind(documents, "TimeSyncConfig");
  const machine = ofKind(documents, "").find((document) => valueAt(document, "machine.time") !== undefined);
  const isOff = config?.["enabled"] === false || valueAt(machine, "machine.time.disabled") === true;
  if (isOff || listAt(config, "ptp.devices").length > 0) return [];
  const configured = [
    ...textsAt(config, "ntp.servers").map((host) => ({ host, at: "TimeSyncConfig: ntp.servers" })),
    ...textsAt(machine, "machine.time.servers").map((host) => ({ host, at: "machine.time.servers" })),
  ].filter(({ host }) => !host.startsWith("/dev/"));
  return configured.length > 0
    ? configured
    : [{ host: "time.cloudflare.com", at: "Talos' default time server, as none is set" }];
}

function discovery(documents: readonly ConfigValue[]): readonly OutsideName[] {
  return ofKind(documents, "").flatMap((document) => {
    const section = valueAt(document, "cluster.discovery");
    const isOn = valueAt(section, "enabled") === true && valueAt(section, "registries.service.disabled") !== true;
    const isDefault = isOn && valueAt(section, "registries.service.endpoint") === undefined;
    return isDefault ? [{ host: "discovery.talos.dev", at: "Talos' default discovery service" }] : [];
  });
}

/** Registries that a pull would go to directly, or fall back to. */
function registries(documents: readonly ConfigValue[], references: readonly string[]): readonly OutsideName[] {
  const closed = new Map<string, boolean>();
  for (const document of ofKind(documents, "RegistryMirrorConfig")) {
    closed.set(String(document["name"]), document["skipFallback"] === true && listAt(document, "endpoints").length > 0);
  }
  for (const document of ofKind(documents, "")) {
    const mirrors = valueAt(document, "machine.registries.mirrors");
    for (const [name, mirror] of Object.entries(isMapping(mirrors) ? mirrors : {})) {
      closed.set(name, valueAt(mirror, "skipFallback") === true && listAt(mirror, "endpoints").length > 0);
    }
  }
  return [...new Set(references.map(registryOf))]
    .filter((registry) => !(closed.get(registry) ?? closed.get("*") ?? false))
    .map((registry) => ({
      host: hostOf(`x://${registry}`),
      at: `images of ${registry}, for which no mirror stands in alone`,
    }));
}

function registryOf(reference: string): string {
  const [first, rest] = [reference.split("/")[0] ?? "", reference.includes("/")];
  return rest && (/[.:]/.test(first) || first === "localhost") ? first : "docker.io";
}

function isPublic(host: string): boolean {
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === "unicast";
  const name = host.toLowerCase().replace(/\.$/, "");
  return name.includes(".") && !PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
}

function siteMatcher(site: readonly string[]): (host: string) => boolean {
  const subnets = site.filter((entry) => ipaddr.isValidCIDR(entry)).map((entry) => ipaddr.parseCIDR(entry));
  const names = site.map((entry) => entry.toLowerCase());
  return (host) => {
    if (!ipaddr.isValid(host))
      return names.some((name) => host.toLowerCase() === name || host.toLowerCase().endsWith(`.${name}`));
    const address = ipaddr.process(host);
    return (
      names.some((name) => ipaddr.isValid(name) && ipaddr.process(name).toString() === address.toString()) ||
      subnets.some((subnet) => subnet[0].kind() === address.kind() && address.match(subnet))
    );
  };
}

/** Host of a URL of any scheme, without port and brackets; "" when there is none. */
function hostOf(url: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, "");
}

function place(document: ConfigValue, path: string): string {
  const kind = document["kind"];
  return typeof kind === "string" ? `${kind}: ${path}` : path;
}
