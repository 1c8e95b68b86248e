import { ConfigRefused, type DecodedDocument, decodeDocument } from "./decode.ts";
import { cutDocuments } from "./documents.ts";
import { validate } from "./validate.ts";

export type CheckedConfig =
  | { readonly refused: string }
  | {
      readonly refused: undefined;
      /** undefined for a partial config. */
      readonly v1alpha1: Readonly<Record<string, unknown>> | undefined;
      readonly documents: readonly Readonly<Record<string, unknown>>[];
      readonly warnings: readonly string[];
    };

/** Minor versions of Kubernetes that Talos 1.13 runs. */
const KUBERNETES = [31, 36] as const;

/** Go's YAML refuses them anywhere, ours takes them in plain texts. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL_CHARACTER = /[\x00-\x08\x0b\x0c\x0e-\x1f]/;

/** Documents that were decoded before; the configs of one rack are mostly the same documents. */
const decoded = new Map<string, DecodedDocument>();
const REMEMBERED = 256;

/**
 * What a node of Talos 1.13.9 says to a config text, before it looks at its own state.
 *
 * @param options.installed - whether Talos is on a disk already
 */
export function checkConfig(text: string, { installed }: { readonly installed: boolean }): CheckedConfig {
  const control = text.search(CONTROL_CHARACTER);
  if (control >= 0) return { refused: `decode error: yaml: offset ${control}: control characters are not allowed` };
  try {
    const documents: DecodedDocument[] = [];
    const seen = new Set<string>();
    for (const { text: body, line } of cutDocuments(text)) {
      const document = decodeOnce(body, line);
      const id = document.kind === "" ? "/v1alpha1/" : `v1alpha1/${document.kind}/${document.name}`;
      if (seen.has(id)) return { refused: `duplicate document ${id} is not allowed (line ${line})` };
      seen.add(id);
      documents.push(document);
    }
    if (documents.length === 0) return { refused: "config not found" };
    const { invalid, warnings } = validate(documents, { installed, kubernetes: KUBERNETES });
    if (invalid !== "") return { refused: invalid };
    return {
      refused: undefined,
      v1alpha1: documents.find(({ kind }) => kind === "")?.value,
      documents: documents.filter(({ kind }) => kind !== "").map(({ value }) => value),
      warnings,
    };
  } catch (error) {
    if (error instanceof ConfigRefused) return { refused: error.message };
    throw error;
  }
}

function decodeOnce(text: string, line: number): DecodedDocument {
  const known = decoded.get(text);
  if (known !== undefined) return known;
  const document = decodeDocument(text, line);
  const oldest = decoded.size >= REMEMBERED ? decoded.keys().next().value : undefined;
  if (oldest !== undefined) decoded.delete(oldest);
  decoded.set(text, document);
  return document;
}
