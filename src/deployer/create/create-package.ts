import pMap from "p-map";
import type { BuildOptions, BuildPorts } from "./build-options.ts";
import { createPackageMaker, findImages, type WholePackage } from "./package-maker.ts";
import type { LoadedPackage } from "./source/load-package.ts";
import { checkSpace } from "./stage/free-space.ts";
import { spaceNeeds } from "./stage/space-needs.ts";

const imagesAtATime = 3;

/**
 * Makes a package in one go: finds its images, stages its components, pulls each blob once.
 *
 * @throws OperatorError PACKAGE_IMAGES_MISSING, PACKAGE_NO_SPACE, and what staging raises
 */
export async function createPackage(
  loaded: LoadedPackage,
  options: BuildOptions,
  ports: BuildPorts,
): Promise<WholePackage> {
  const { images, totalBytes } = await findImages(loaded, ports);
  const { stagedBytes } = await spaceNeeds(loaded, totalBytes, ports);
  await checkSpace([{ folder: ports.staging.path, bytes: stagedBytes }]);
  const maker = createPackageMaker(loaded, options, ports);
  for (const { name } of loaded.definition.components) await maker.stage(name);
  await pMap(images, (image) => maker.pull(image), { concurrency: imagesAtATime });
  return await maker.finish();
}
