import type { ComponentDefinition } from "./definition.ts";

/** Name of the stored file for the manifest's file number `index`. */
export const manifestFile = (manifest: string, index: number): string => `${manifest}-${index}.yaml`;

/** Name that a chart's files begin with in the component's archive. */
export function storedChartName({ name, version }: ComponentDefinition["charts"][number]): string {
  return version === undefined ? name : `${name}-${version}`;
}
