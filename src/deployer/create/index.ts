export { allImages, attachImages, type BuiltPackage } from "./assemble/assemble.ts";
export type { PackageImage } from "./assemble/image-layers.ts";
export type { PackageLayer } from "./assemble/package-layer.ts";
export type { BuildOptions, BuildPorts } from "./build-options.ts";
export { buildPackage, loadForBuild } from "./build-package.ts";
export { createActionRunner } from "./component/run-create-actions.ts";
export type { CreateProgress, RunCreateActions } from "./component/stage-context.ts";
export { createPackage } from "./create-package.ts";
export { openRegistries, type Registries } from "./fetch/registries.ts";
export { addImages } from "./find-images/add-images.ts";
export {
  type FoundImage,
  type FoundImages,
  findPackageImages,
  refuseUnlisted,
} from "./find-images/find-package-images.ts";
export { textsOfBuilt, textsOfOpen } from "./find-images/package-texts.ts";
export type { PackageTexts } from "./find-images/render-texts.ts";
export type { HeldImages } from "./images/held-images.ts";
export { archivedImages } from "./images/image-archives.ts";
export type { ResolvedImage } from "./images/resolve-images.ts";
export { createPackageMaker, findImages, type PackageMaker, type WholePackage } from "./package-maker.ts";
export type { LoadedPackage } from "./source/load-package.ts";
export { olderDefinition } from "./source/older-definition.ts";
export { findDefinition } from "./source/read-source.ts";
export { checkSpace } from "./stage/free-space.ts";
export { spaceNeeds } from "./stage/space-needs.ts";
export { makeStagingFolder, type StagingFolder } from "./stage/staging-folder.ts";
export type { WrittenFiles } from "./write/part-writer.ts";
export { signPackage } from "./write/sign-package.ts";
export { writePackage } from "./write/write-package.ts";
