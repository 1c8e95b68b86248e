import type { BuiltPackage } from "./assemble/assemble.ts";
import type { BuildOptions, BuildPorts } from "./build-options.ts";
import { fetchSkeletonWith } from "./fetch/fetch-skeleton.ts";
import { createPackageMaker } from "./package-maker.ts";
import { reduceDifferential } from "./source/differential.ts";
import { type LoadedPackage, loadPackage } from "./source/load-package.ts";

/**
 * Reads what a package is to be made from: its definition, and those that it imports.
 *
 * @param place - folder with a zarf.yaml, or the file
 * @throws OperatorError DOCUMENT_INVALID with every problem and its place, FILE_UNREADABLE, PACKAGE_TEMPLATE_UNSET,
 *   PACKAGE_DIFFERENTIAL_INVALID
 */
export async function loadForBuild(
  place: string,
  options: BuildOptions,
  ports: Pick<BuildPorts, "registries" | "staging" | "signal">,
): Promise<LoadedPackage> {
  const loaded = await loadPackage({
    place,
    ...(options.architecture === undefined ? {} : { architecture: options.architecture }),
    ...(options.flavor === undefined ? {} : { flavor: options.flavor }),
    ...(options.set === undefined ? {} : { set: options.set }),
    fetchSkeleton: fetchSkeletonWith(ports),
  });
  const { differentialTo } = options;
  if (differentialTo === undefined) return loaded;
  return { ...loaded, definition: reduceDifferential(loaded.definition, differentialTo) };
}

/**
 * Builds a package from its loaded definition; its images are named and not fetched. Commands of the package that are meant for
 * this moment run. Same folder, same bytes.
 *
 * @throws OperatorError FILE_UNREADABLE, PACKAGE_…, CHART_…, ACTION_…
 */
export async function buildPackage(
  loaded: LoadedPackage,
  options: BuildOptions,
  ports: BuildPorts,
): Promise<BuiltPackage> {
  const maker = createPackageMaker(loaded, options, ports);
  const { components } = loaded.definition;
  for (const [index, { name }] of components.entries()) {
    ports.onProgress?.({ kind: "component", name, done: index, total: components.length });
    await maker.stage(name);
  }
  return await maker.finishWithoutImages();
}
