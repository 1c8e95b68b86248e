import { parseAllDocuments } from "yaml";
import type { AppliedConfig } from "../../../src/lab/interior.ts";

type Values = Readonly<Record<string, unknown>>;

/** A config as a machine's face hands it to the interior, with only what a test names. */
export function appliedConfig(parts: {
  readonly machine?: Values;
  readonly cluster?: Values;
  readonly documents?: readonly Values[];
  readonly role?: AppliedConfig["role"];
}): AppliedConfig {
  const { machine = {}, cluster = {}, documents = [], role = "worker" } = parts;
  return { text: "", v1alpha1: { machine, cluster }, documents, role };
}

/** A RegistryMirrorConfig document. */
export function mirrorConfig(
  name: string,
  urls: readonly string[],
  options: { readonly skipFallback?: boolean; readonly overridePath?: boolean },
): Values {
  const { skipFallback, overridePath } = options;
  return {
    apiVersion: "v1alpha1",
    kind: "RegistryMirrorConfig",
    name,
    endpoints: urls.map((url) => (overridePath === true ? { url, overridePath } : { url })),
    ...(skipFallback === true ? { skipFallback } : {}),
  };
}

/** A rendered config as a face parses it. */
export function parseApplied(text: string): AppliedConfig {
  const documents = parseAllDocuments(text).map((document) => document.toJS() as Values);
  const v1alpha1 = documents.find((document) => document["kind"] === undefined) ?? {};
  const machine = v1alpha1["machine"] as Values | undefined;
  return {
    text,
    v1alpha1,
    documents: documents.filter((document) => document["kind"] !== undefined),
    role: machine?.["type"] === "controlplane" ? "controlplane" : "worker",
  };
}
