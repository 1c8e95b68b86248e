import { packageImages } from "../package/package.ts";
import { assemblePackage, attachImages, type BuiltPackage } from "./assemble/assemble.ts";
import { documentationLayers } from "./assemble/documentation.ts";
import { archiveLayer, type PackageLayer } from "./assemble/package-layer.ts";
import { valuesLayers } from "./assemble/values.ts";
import type { BuildOptions, BuildPorts } from "./build-options.ts";
import { hasCreateActions, stageComponent } from "./component/stage-component.ts";
import type { StageContext } from "./component/stage-context.ts";
import { kubectlKustomize } from "./fetch/kustomize.ts";
import { type HeldImages, joinImages } from "./images/held-images.ts";
import { archivedImages } from "./images/image-archives.ts";
import { createPuller } from "./images/pull-images.ts";
import { type ResolvedImage, resolveImages } from "./images/resolve-images.ts";
import { withoutFolder } from "./source/create-templates.ts";
import type { LoadedPackage } from "./source/load-package.ts";
import type { StagedTree } from "./stage/staged.ts";

/** A package with everything it needs on this disk. */
export interface WholePackage {
  readonly built: BuiltPackage;
  readonly images: HeldImages;
}

/** Makes a package piece by piece; every piece once, components in their order, then `finish`. */
export interface PackageMaker {
  readonly stage: (component: string, call?: { readonly signal: AbortSignal }) => Promise<void>;
  readonly pull: (image: ResolvedImage, onBytes?: (bytes: number) => void) => Promise<void>;
  /** The package with the images that were pulled and those of its image archives. */
  readonly finish: () => Promise<WholePackage>;
  /** The package that only names its images. */
  readonly finishWithoutImages: () => Promise<BuiltPackage>;
}

/**
 * The images that a package pulls, found in their registries; their bytes are not fetched yet.
 *
 * @throws OperatorError PACKAGE_IMAGES_MISSING with all that could not be had
 */
export async function findImages(
  { definition }: LoadedPackage,
  { registries, signal, onProgress }: Pick<BuildPorts, "registries" | "signal" | "onProgress">,
): Promise<{ readonly images: readonly ResolvedImage[]; readonly totalBytes: number }> {
  const images = await resolveImages(packageImages({ definition }), {
    registries,
    architecture: definition.metadata.architecture ?? "amd64",
    signal,
    onImage: (reference, done, total) => onProgress?.({ kind: "image", reference, done, total }),
  });
  const sizes = new Map(images.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size] as const)));
  const totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { images, totalBytes };
}

export function createPackageMaker(loaded: LoadedPackage, options: BuildOptions, ports: BuildPorts): PackageMaker {
  const { definition, folder, flavor } = loaded;
  const context: StageContext = {
    folder,
    staging: ports.staging,
    registries: ports.registries,
    engine: ports.engine,
    kustomize: ports.kustomize ?? kubectlKustomize,
    runActions: ports.runActions,
    mustCopy: definition.components.some(hasCreateActions),
    signal: ports.signal,
    onProgress: ports.onProgress,
  };
  const archives: PackageLayer[] = [];
  const trees = new Map<string, StagedTree>();
  const puller = createPuller(ports);
  const finishWithoutImages = async (): Promise<BuiltPackage> => {
    const base = options.differentialTo?.metadata.version;
    return assemblePackage({
      definition: withoutFolder(definition, ports.staging.path),
      content: [...archives, ...(await valuesLayers(loaded)), ...(await documentationLayers(loaded, ports))],
      trees,
      ...(flavor === undefined ? {} : { flavor }),
      ...(base === undefined ? {} : { differentialTo: base }),
      ...(options.createdAt === undefined ? {} : { createdAt: options.createdAt }),
    });
  };
  return {
    stage: async (name, call = ports) => {
      const component = definition.components.find((one) => one.name === name);
      if (component === undefined) throw new Error(`no component ${name}`);
      const tree = await stageComponent(component, { ...context, signal: call.signal });
      if (tree.size === 0) return;
      trees.set(name, tree);
      archives.push(await archiveLayer(`components/${name}.tar`, { root: name, rootMode: 0o700, tree }, call));
    },
    pull: puller.pull,
    finishWithoutImages,
    finish: async () => {
      const built = await finishWithoutImages();
      const images = joinImages([puller.held(), await archivedImages(loaded, ports)]);
      return { built: attachImages(built, images.images), images };
    },
  };
}
