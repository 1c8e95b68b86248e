export { actionsOf, type ListedAction, localNetwork, type WaitFor, waitFor } from "./actions/index.ts";
export { type ChartEngine, createChartEngine } from "./charts/engine/index.ts";
export {
  addImages,
  allImages,
  archivedImages,
  attachImages,
  type BuildOptions,
  type BuildPorts,
  type BuiltPackage,
  buildPackage,
  type CreateProgress,
  checkSpace,
  createActionRunner,
  createPackage,
  createPackageMaker,
  type FoundImage,
  type FoundImages,
  findDefinition,
  findImages,
  findPackageImages,
  type HeldImages,
  type LoadedPackage,
  loadForBuild,
  makeStagingFolder,
  olderDefinition,
  openRegistries,
  type PackageImage,
  type PackageLayer,
  type PackageMaker,
  type PackageTexts,
  type Registries,
  type ResolvedImage,
  type RunCreateActions,
  refuseUnlisted,
  type StagingFolder,
  signPackage,
  spaceNeeds,
  textsOfBuilt,
  textsOfOpen,
  type WholePackage,
  type WrittenFiles,
  writePackage,
} from "./create/index.ts";
export type { ObjectReadiness, PackageReadiness } from "./deploy/await-objects.ts";
export { checkPackage } from "./deploy/check-package.ts";
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
export { definitionJson, type RenderedText, renderOffline, renderValuesFiles } from "./deploy/render-offline.ts";
export type { DeployOptions, PackageRequest, Workplace } from "./deploy/request.ts";
export type { SelectionQuestions } from "./deploy/select-components.ts";
export { localWorkplace } from "./deploy/workplace.ts";
export { listedImages, packageDocuments } from "./package/inspect/describe-package.ts";
export type { FlatFile } from "./package/inspect/flat-archive.ts";
export { type PackageSboms, packageSboms } from "./package/inspect/sbom-files.ts";
export {
  type OpenOptions,
  type OpenPackage,
  openPackage,
  type PackageLocation,
  type PackageSource,
} from "./package/open-package.ts";
export { packageImages } from "./package/package.ts";
export { publishedManifest } from "./package/published-manifest.ts";
export { type PackageReference, parsePackageReference, registrySource } from "./package/registry-source.ts";
export { type PackageKey, readPackageKey } from "./package/sign/public-key.ts";
export { readSigningKey } from "./package/sign/signing-key.ts";
export type { DeclaredVariable, VariableLayer } from "./templates/index.ts";
export { environmentLayers, findDeployConfig, loadFileValues, parseAssignments } from "./templates/index.ts";
