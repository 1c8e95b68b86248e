export {
  archivedImages,
  attachImages,
  type BuildOptions,
  type BuildPorts,
  type BuiltPackage,
  buildPackage,
  type CreateProgress,
  createPackage,
  type HeldImages,
  type LoadedPackage,
  loadForBuild,
  makeStagingFolder,
  openRegistries,
  type PackageImage,
  type PackageLayer,
  type Registries,
  type RunCreateActions,
  type StagingFolder,
  type WholePackage,
  type WrittenFiles,
  writePackage,
} from "./create/index.ts";
export { type DeployRequest, deployPackage } from "./deploy/deploy.ts";
export type { ObjectOutcome } from "./deploy/look.ts";
export { type PackageOutcome, planPackage } from "./deploy/plan.ts";
export type { PackageRequest } from "./deploy/prepare.ts";
export {
  type ObjectReadiness,
  type PackageReadiness,
  packageReadiness,
  type WaitRequest,
  waitPackageReady,
} from "./deploy/ready.ts";
export { checkPackage } from "./manifests/check-package.ts";
export type { PackageVariables } from "./manifests/variables.ts";
export { openPackage, type PackageSource } from "./package/open.ts";
export { type Package, packageImages } from "./package/package.ts";
