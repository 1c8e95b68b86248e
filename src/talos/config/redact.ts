import { type Document, isMap, isScalar, isSeq, Scalar, visit } from "yaml";
import { readConfigNodes, writeConfigNodes } from "./config-text.ts";
import { secretLocations } from "./secret-locations.ts";

export const REDACTED = "REDACTED";

/** Keys that identify a document and are never secret, even where everything else in it is. */
const IDENTITY = ["apiVersion", "kind", "name"];

/**
 * The same config with `REDACTED` in every place that holds a secret, fit for screens and files. Empty values stay empty, so
 * that one can see what is not set.
 *
 * @throws OperatorError DOCUMENT_INVALID when it is not YAML
 */
export function redactConfig(configYaml: string): string {
  const nodes = readConfigNodes(configYaml, "machine config");
  for (const { map, identity } of nodes) {
    for (const location of secretLocations[identity.kind] ?? []) redactAt(map, location.split("."));
  }
  // A comment may hold what a value was before.
  for (const { document } of nodes) removeComments(document);
  return writeConfigNodes(nodes);
}

function redactAt(node: unknown, path: readonly string[]): void {
  const [segment, ...rest] = path;
  if (segment === undefined) return;
  if (isMap(node)) {
    for (const pair of node.items) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const isMeant = segment === key || (segment === "*" && !(path.length === 1 && IDENTITY.includes(key)));
      if (!isMeant) continue;
      if (rest.length > 0) redactAt(pair.value, rest);
      else if (!isEmpty(pair.value)) pair.value = new Scalar(REDACTED);
    }
  } else if (isSeq(node) && segment === "[]") {
    for (const [index, item] of node.items.entries()) {
      if (rest.length > 0) redactAt(item, rest);
      else if (!isEmpty(item)) node.items[index] = new Scalar(REDACTED);
    }
  }
}

function isEmpty(node: unknown): boolean {
  if (isScalar(node)) return node.value === null || node.value === "";
  return (isMap(node) || isSeq(node)) && node.items.length === 0;
}

function removeComments(document: Document): void {
  document.commentBefore = null;
  document.comment = null;
  visit(document, {
    Node: (_, node) => {
      node.commentBefore = null;
      node.comment = null;
    },
  });
}
