import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLSeq } from "yaml";
import type { Site } from "../../site/index.ts";
import { endpointAddress, LAPTOP_ADDRESS, nodeAddress } from "./addresses.ts";

/**
 * The site.yaml of a rack: the text of the site with the addresses of a slot, comments and all else kept. What belongs to the real
 * machines alone goes (maintenance addresses, certificate fingerprints); files that are named relative to the site are named
 * absolutely.
 *
 * @param options.fileExists - default: looks on the disk
 */
export function rewriteSite(
  text: string,
  site: Site,
  options: { readonly slot: number; readonly fileExists?: (path: string) => boolean },
): string {
  const document = parseDocument(text);
  const { slot } = options;
  const addresses = new Map(site.nodes.map((node, index) => [node.address, nodeAddress(slot, index)]));
  for (const [index] of site.nodes.entries()) {
    document.setIn(["nodes", index, "address"], nodeAddress(slot, index));
    document.deleteIn(["nodes", index, "maintenanceAddress"]);
    document.deleteIn(["nodes", index, "fingerprint"]);
  }
  // An endpoint that is a node's own address stays that; anything else is what the rack's forwarder stands for.
  document.set("endpoint", addresses.get(site.endpoint) ?? endpointAddress(slot));
  setInMap(document, ["mirror", "address"], LAPTOP_ADDRESS);
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

function setInMap(document: Document, path: readonly [string, string], value: string): void {
  if (isMap(document.get(path[0]))) document.setIn(path, value);
  else document.set(path[0], document.createNode({ [path[1]]: value }));
}

function makeAbsolute(names: YAMLSeq, absolute: (name: string) => string): void {
  for (const item of names.items) {
    if (isScalar(item) && typeof item.value === "string") item.value = absolute(item.value);
  }
}
