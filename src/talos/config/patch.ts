import { isSeq, parseDocument } from "yaml";
import { OperatorError } from "../../lib/errors/index.ts";
import { parseYamlDocument } from "../../lib/yaml/index.ts";
import { emitTalosYaml } from "../emit-yaml.ts";
import {
  type ConfigNode,
  configNodesOf,
  isSameDocument,
  readConfigNodes,
  readDocuments,
  writeConfigNodes,
} from "./config-text.ts";
import type { TalosContract } from "./contract.ts";
import { applyJsonPatch, JsonPatchRefused, jsonPatch } from "./json-patch.ts";
import { applyDeletion, DeletionRefused, takeDeletions } from "./patch-deletes.ts";
import { MergeMismatch, mergeMaps } from "./strategic-merge.ts";

/** One patch as a person wrote it. */
export interface ConfigPatch {
  /** Path for messages. */
  readonly file: string;
  /** Documents to merge, or a list of RFC 6902 operations (YAML or JSON). */
  readonly text: string;
}

/**
 * Applies patches in order, each to what the ones before made of it, as `talosctl machineconfig patch` does. Comments and
 * whatever no patch mentions stay as they were.
 *
 * @param options.contract - when given, a patch with a document kind that this Talos does not know is refused
 * @throws OperatorError TALOS_PATCH_INVALID with the file and the path in it; DOCUMENT_INVALID when it is not YAML
 */
export function applyPatches(
  configYaml: string,
  patches: readonly ConfigPatch[],
  options: { readonly contract?: Pick<TalosContract, "name" | "documentKinds"> } = {},
): string {
  if (patches.length === 0) return configYaml;
  const config = readConfigNodes(configYaml, CONFIG);
  return writeConfigNodes(patches.reduce((nodes, patch) => applyPatch(nodes, patch, options), config));
}

/** What messages call the config itself, which no person wrote. */
const CONFIG = "machine config";

function applyPatch(
  config: readonly ConfigNode[],
  patch: ConfigPatch,
  { contract }: NonNullable<Parameters<typeof applyPatches>[2]>,
): readonly ConfigNode[] {
  const documents = readDocuments(patch.text, patch.file);
  if (isSeq(documents[0]?.contents)) return applyOperations(config, patch);
  const nodes = configNodesOf(documents, patch.file);
  if (nodes.length === 0) throw refused(patch, "it has no document");
  if (contract !== undefined) {
    const unknown = nodes.find(({ identity }) => identity.kind !== "" && !contract.documentKinds.has(identity.kind));
    if (unknown !== undefined) throw refused(patch, `Talos ${contract.name} knows no kind ${unknown.identity.kind}`);
  }
  return nodes.reduce((merged, node) => mergeDocument(merged, node, patch), config);
}

/** Deletions first, then what is left of the patch document, as Talos does it. */
function mergeDocument(config: readonly ConfigNode[], node: ConfigNode, patch: ConfigPatch): readonly ConfigNode[] {
  const { kind } = node.identity;
  try {
    const { deletions, isEmpty } = takeDeletions(node.map);
    const target = config.find(({ identity }) => isSameDocument(identity, node.identity));
    // A document that is not there needs no deleting; what else the patch says about it makes a new one.
    if (target === undefined) return isEmpty ? config : [...config, node];
    for (const deletion of deletions) {
      if (applyDeletion(target.map, kind, deletion) === "document") return config.filter((other) => other !== target);
    }
    if (!isEmpty) mergeMaps(target.map, node.map, kind);
    return config;
  } catch (error) {
    if (error instanceof DeletionRefused) {
      throw refused(patch, `$patch: delete at ${placeOf(kind, error.path)}: ${error.message}`);
    }
    if (error instanceof MergeMismatch) {
      throw refused(
        patch,
        `${placeOf(kind, error.path)} is a mapping, a list or a plain value in the config and not in the patch`,
      );
    }
    throw error;
  }
}

function applyOperations(config: readonly ConfigNode[], patch: ConfigPatch): readonly ConfigNode[] {
  const { value: operations } = parseYamlDocument(patch.text, { file: patch.file, schema: jsonPatch });
  if (config.length !== 1) {
    throw refused(patch, "Talos does not take JSON patches (RFC 6902) for configs of several documents", [
      "write it as a strategic merge patch: the same keys as in the config, with $patch: delete where something is to go",
    ]);
  }
  try {
    const value: unknown = parseDocument(writeConfigNodes(config)).toJS({ maxAliasCount: 0 });
    return readConfigNodes(emitTalosYaml(applyJsonPatch(value, operations)), CONFIG);
  } catch (error) {
    if (!(error instanceof JsonPatchRefused)) throw error;
    throw refused(patch, `operation ${error.operation + 1}: ${error.message}`);
  }
}

function placeOf(kind: string, path: readonly string[]): string {
  return [...(kind === "" ? [] : [kind]), path.join(".")].join(": ");
}

function refused({ file }: ConfigPatch, reason: string, next: readonly string[] = []): OperatorError {
  return new OperatorError("TALOS_PATCH_INVALID", `${file} cannot be applied: ${reason}`, {
    where: { file },
    next: next.length > 0 ? next : [`correct ${file} and run the same command again`],
  });
}
