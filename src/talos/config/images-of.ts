import { parseYamlDocuments } from "../../lib/yaml/index.ts";
import { type ConfigValue, isMapping, listAt, readConfigValues, textsIn, valueAt } from "./config-values.ts";

export interface ConfigImage {
  readonly reference: string;
  /** Where the config names it: `machine.kubelet.image`, `KubeProxyConfig: image` */
  readonly at: string;
}

/** Image patterns to verify, not images to pull. */
const NOT_PULLED = ["ImageVerificationConfig"];

/**
 * Every image that a rendered config makes a node or its cluster pull: what it names itself, its static pods, and the pods in
 * its inline manifests. Parts that are switched off are left out. Each reference once, in the order of the config.
 */
export function imagesOf(configYaml: string): readonly ConfigImage[] {
  const found = readConfigValues(configYaml)
    .filter((document) => !NOT_PULLED.includes(kindOf(document)))
    .flatMap((document) => [...imagesIn(document), ...inlineImages(document)]);
  return [...new Map(found.toReversed().map((image) => [image.reference, image])).values()].toReversed();
}

function imagesIn(document: ConfigValue): readonly ConfigImage[] {
  if (document["enabled"] === false) return [];
  return [...textsIn(document)]
    .filter(({ path, text }) => /(^|\.)image$/.test(path) && text !== "" && !isOff(document, path))
    .map(({ path, text }) => ({ reference: text, at: place(document, path) }));
}

/** `cluster.proxy.disabled: true` and its like leave the image unused. */
function isOff(document: ConfigValue, imagePath: string): boolean {
  return valueAt(document, imagePath.replace(/image$/, "disabled")) === true;
}

function inlineImages(document: ConfigValue): readonly ConfigImage[] {
  const manifests = [
    ...listAt(document, "cluster.inlineManifests").map((entry, index) => ({
      text: isMapping(entry) ? entry["contents"] : undefined,
      at: `cluster.inlineManifests.${index}`,
    })),
    ...(kindOf(document) === "KubeInlineManifestConfig" ? [{ text: document["manifest"], at: "manifest" }] : []),
  ];
  return manifests.flatMap(({ text, at }) =>
    typeof text === "string" ? podImages(text).map((reference) => ({ reference, at: place(document, at) })) : [],
  );
}

/** Images of containers in any object that has pods inside. */
function podImages(manifests: string): readonly string[] {
  return parseYamlDocuments(manifests, { version: "1.1", file: "inline manifest" }).flatMap((object) =>
    [...textsIn(object)]
      .filter(({ path }) => /(^|\.)(containers|initContainers|ephemeralContainers)\.\d+\.image$/.test(path))
      .map(({ text }) => text),
  );
}

function place(document: ConfigValue, path: string): string {
  const kind = kindOf(document);
  return kind === "" ? path : `${kind}: ${path}`;
}

function kindOf(document: ConfigValue): string {
  return typeof document["kind"] === "string" ? document["kind"] : "";
}
