import { OperatorError } from "../../lib/errors/index.ts";
import { emitTalosYaml } from "../emit-yaml.ts";
import { baseDocuments, type ConfigDocument } from "./base-documents.ts";
import type { ConfigInput, NodeConfigInput } from "./config-input.ts";
import { siteDocuments } from "./site-documents.ts";

/**
 * The whole machine config of one node as multi-document YAML: what talosctl would generate for the contract, with discovery
 * off, and the site's own documents in place of everything that would ask the internet. It holds the cluster's secrets; show
 * it only through `redactConfig`. Registry mirrors and patches are applied to it with `applyPatches`.
 *
 * @throws OperatorError TALOS_CONFIG_INPUT_INVALID, TALOS_KUBERNETES_UNSUPPORTED
 */
export function generateConfig(input: NodeConfigInput): string {
  return documentsToYaml(mergeByKind([...generateBase(input), ...siteDocuments(input)]));
}

/** What talosctl would generate for these inputs, with discovery off. */
export function generateBase(input: ConfigInput): readonly ConfigDocument[] {
  assertEndpoint(input.endpoint);
  if (!input.contract.runsKubernetes(input.kubernetesVersion)) {
    throw new OperatorError(
      "TALOS_KUBERNETES_UNSUPPORTED",
      `Talos ${input.contract.name} runs Kubernetes ${input.contract.kubernetesRange}, not ${input.kubernetesVersion}`,
      { next: ["set kubernetes: to a version in that range, as vMAJOR.MINOR.PATCH"] },
    );
  }
  return baseDocuments(input);
}

/** Documents as one YAML text, separated as Talos separates them. */
export function documentsToYaml(documents: readonly ConfigDocument[]): string {
  return documents.map((document) => emitTalosYaml(document)).join("---\n");
}

/** A later document of a kind without names takes the place of an earlier one: two would be refused as duplicates. */
function mergeByKind(documents: readonly ConfigDocument[]): readonly ConfigDocument[] {
  const named = (document: ConfigDocument): string => `${String(document["kind"])}/${String(document["name"] ?? "")}`;
  return [...new Map(documents.map((document) => [named(document), document])).values()];
}

function assertEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isPlain = url !== undefined && url.protocol === "https:" && url.pathname === "/" && url.search === "";
  if (!isPlain || !/:\d+\/?$/.test(endpoint)) {
    throw new OperatorError("TALOS_CONFIG_INPUT_INVALID", `endpoint ${endpoint} is not https://HOST:PORT`, {
      next: ["set endpoint: to the virtual IP or load balancer of the API server; its port is 6443"],
    });
  }
}
