import type { PackageDefinition } from "../definition.ts";
import type { OpenPackage } from "../open-package.ts";
import { storedChartName } from "../stored-names.ts";
import { type FlatFile, flatArchive } from "./flat-archive.ts";

/** Every image that a package brings, as it is written, each once: those to be pulled and those of image archives. */
export function listedImages({ components }: PackageDefinition): readonly string[] {
  const images = components.flatMap((component) => [
    ...component.images,
    ...component.imageArchives.flatMap((archive) => archive.images),
  ]);
  return [...new Set(images)];
}

/** A values file of a chart as it lies in the component's archive. */
export interface ChartValuesFile {
  readonly component: string;
  readonly chart: string;
  /** Below the component's folder: `values/web-1.0.0-0`. */
  readonly path: string;
  /** As it was called when the package was made. */
  readonly source: string;
  readonly isTemplated: boolean;
}

/** The values files of all charts, in the order in which they count. */
export function listedValuesFiles({ components }: PackageDefinition): readonly ChartValuesFile[] {
  return components.flatMap(({ name: component, charts }) =>
    charts.flatMap((chart) => {
      const sources = [
        ...chart.valuesFiles.map((source) => ({ source, isTemplated: false })),
        ...chart.templatedValuesFiles.map((source) => ({ source, isTemplated: true })),
      ];
      return sources.map((file, index) => ({
        component,
        chart: chart.name,
        path: `values/${storedChartName(chart)}-${index}`,
        ...file,
      }));
    }),
  );
}

/** The documents of a package, one after the other; none where it has none. @throws OperatorError PACKAGE_* */
export function packageDocuments(
  pkg: Pick<OpenPackage, "files" | "openFile">,
  call: { readonly signal: AbortSignal },
): AsyncIterable<FlatFile> {
  return flatArchive(pkg, "documentation.tar", { ...call, want: () => true });
}
