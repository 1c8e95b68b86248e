import { stringify } from "yaml";

/**
 * Writes a value as one YAML document, ending in a newline, without anchors or folded lines. Strings that YAML 1.1 readers (Go's)
 * would take for something else (`yes`, `0b1`, `1:30`) are quoted.
 *
 * @param options.style - "kubernetes": keys sorted and lists not indented, as Kubernetes' own tools write; default: as given
 */
export function emitYaml(value: unknown, options: { readonly style?: "kubernetes" } = {}): string {
  const style = options.style === "kubernetes" ? { sortMapEntries: true, indentSeq: false } : {};
  return stringify(value, { compat: "yaml-1.1", aliasDuplicateObjects: false, lineWidth: 0, ...style });
}
