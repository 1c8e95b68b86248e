import type { PackageDefinition } from "../../package/definition.ts";
import { keepsIndex, type PackageImage } from "./image-layers.ts";

/** What an older Zarf would get wrong in this package; nothing where it is safe for all. */
export function versionRequirements(
  { components }: PackageDefinition,
  images: ReadonlyMap<string, PackageImage>,
): readonly { readonly version: string; readonly reason: string }[] {
  const charts = components.flatMap((component) => component.charts);
  const found = [
    [charts.some(({ version }) => version === undefined), "v0.65.0", "a chart without a version"],
    [components.some(({ imageArchives }) => imageArchives.length > 0), "v0.68.0", "image archives"],
    [charts.some(({ templatedValuesFiles }) => templatedValuesFiles.length > 0), "v0.78.0", "templated values files"],
    [keepsIndex(images), "v0.77.0", "an image index that is kept whole"],
  ] as const;
  return found.flatMap(([isUsed, version, what]) =>
    isUsed ? [{ version, reason: `This package has ${what}, which Zarf knows since ${version}` }] : [],
  );
}
