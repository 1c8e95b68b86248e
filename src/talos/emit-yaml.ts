import { stringify } from "yaml";

/**
 * Writes one YAML document as Talos' own tools do: indented by four, lines never folded, strings that a Go reader would take
 * for something else (`yes`, `0b1`) quoted.
 */
export function emitTalosYaml(value: unknown): string {
  return stringify(value, { indent: 4, lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false });
}
