import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLSeq } from "yaml";
import type { Site } from "../../site/index.ts";

/** Where a rack has its machines. */
export interface RackAddresses {
  /** Of the `index`-th machine, from 0. */
  readonly node: (index: number) => string;
  /** Where the site's endpoint is that is no machine's own address. */
  readonly endpoint: string;
  readonly laptop: string;
  /** Where the rack has a router, instead of the site's. */
  readonly gateway?: string;
  /** Default: as the site has it. */
  readonly prefixLength?: number;
}

/**
 * The site.yaml of a rack: the text of the site with the rack's addresses, comments and all else kept. What belongs to the real
 * machines alone goes (maintenance addresses, certificate fingerprints); files that are named relative to the site are named
 * absolutely.
 *
 * @param options.fileExists - default: looks on the disk
 */
export function rewriteSite(
  text: string,
  site: Site,
  options: { readonly addresses: RackAddresses; readonly fileExists?: (path: string) => boolean },
): string {
  const document = parseDocument(text);
  const { addresses } = options;
  for (const [index] of site.nodes.entries()) {
    document.setIn(["nodes", index, "address"], addresses.node(index));
    document.deleteIn(["nodes", index, "maintenanceAddress"]);
    document.deleteIn(["nodes", index, "fingerprint"]);
  }
  document.set("endpoint", endpointOf(site, addresses));
  setInMap(document, ["mirror", "address"], addresses.laptop);
  if (addresses.gateway !== undefined && site.network.gateway !== undefined)
    document.setIn(["network", "gateway"], addresses.gateway);
  if (addresses.prefixLength !== undefined && site.network.prefix !== addresses.prefixLength)
    document.setIn(["network", "prefix"], addresses.prefixLength);
  const exists = options.fileExists ?? existsSync;
  const absolute = (name: string) => {
    const path = resolve(site.folder, name);
    return exists(path) ? path : name;
  };
  for (const path of [
    ["machineConfigs", "all"],
    ["machineConfigs", "controlPlane"],
    ["machineConfigs", "worker"],
    ["trust", "keys"],
    ...site.nodes.map((_node, index) => ["nodes", index, "patches"]),
  ]) {
    const names = document.getIn(path);
    if (isSeq(names)) makeAbsolute(names, absolute);
  }
  return document.toString({ lineWidth: 0 });
}

/** An endpoint that is a node's own address stays that; anything else is the rack's matter. */
export function endpointOf(site: Site, addresses: RackAddresses): string {
  const index = site.nodes.findIndex((node) => node.address === site.endpoint);
  return index === -1 ? addresses.endpoint : addresses.node(index);
}

function setInMap(document: Document, path: readonly [string, string], value: string): void {
  if (isMap(document.get(path[0]))) document.setIn(path, value);
  else document.set(path[0], document.createNode({ [path[1]]: value }));
}

function makeAbsolute(names: YAMLSeq, absolute: (name: string) => string): void {
  for (const item of names.items) {
    if (isScalar(item) && typeof item.value === "string") item.value = absolute(item.value);
  }
}
