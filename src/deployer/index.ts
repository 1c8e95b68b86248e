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
export type { ObjectReadiness, PackageReadiness } from "./deploy/await-objects.ts";
export { type DeployOutcome, deployPackage } from "./deploy/deploy.ts";
export { type DeployEvent, describeEvent } from "./deploy/events.ts";
export { type DeployedPackage, listPackages } from "./deploy/list.ts";
export {
  type ComponentPlan,
  type PackagePlan,
  type PlannedPrune,
  type PlannedRelease,
  planPackage,
} from "./deploy/plan.ts";
export { packageReadiness } from "./deploy/ready.ts";
export {
  planRemoval,
  type RemoveOutcome,
  type RemovePlan,
  type RemoveRequest,
  removePackage,
} from "./deploy/remove.ts";
export type { DeployOptions, PackageRequest, Workplace } from "./deploy/request.ts";
export type { SelectionQuestions } from "./deploy/select-components.ts";
export { type ShownAction, shownActions } from "./deploy/shown-actions.ts";
export { checkPackage } from "./manifests/check-package.ts";
export type { PackageVariables } from "./manifests/variables.ts";
export { openPackage, type PackageSource } from "./package/open.ts";
export type { OpenPackage } from "./package/open-package.ts";
export { type Package, packageImages } from "./package/package.ts";
