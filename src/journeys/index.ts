export type {
  ComponentPlan,
  DeclaredVariable,
  DeployedPackage,
  ListedAction,
  PackagePlan,
  PlannedRelease,
  RemovePlan,
  SelectionQuestions,
} from "../deployer/index.ts";
export { listPackages as listDeployed } from "../deployer/index.ts";
export type { BundleCreateReport, BundleCreateRequest } from "./bundle/create.ts";
export { bundleCreate } from "./bundle/create.ts";
export { bundleInspect } from "./bundle/inspect.ts";
export type { BundleVerifyReport, BundleVerifyRequest } from "./bundle/verify.ts";
export { bundleVerify } from "./bundle/verify.ts";
export { type ConfigRenderRequest, configRender, type RenderedConfig } from "./config-render.ts";
export type { DeployContext } from "./deploy/context.ts";
export { type DeployReport, deploy } from "./deploy/deploy.ts";
export {
  type Inspection,
  type InspectView,
  inspectPackage,
  inspectViews,
  type PackageSummary,
} from "./deploy/inspect-package.ts";
export {
  type DeploymentInputs,
  identityFileOf,
  type OpenDeployment,
  openDeployment,
} from "./deploy/open-deployment.ts";
export { type OpenRemoval, openRemoval } from "./deploy/open-removal.ts";
export { openSource } from "./deploy/open-source.ts";
export { reachCluster } from "./deploy/reach-cluster.ts";
export { type RemoveContext, type RemoveReport, remove } from "./deploy/remove.ts";
export { type WaitForRequest, waitForOne } from "./deploy/wait-for-one.ts";
export * from "./engine/index.ts";
export { type DiskRow, disksLook } from "./look/disks.ts";
export { type NodeRow, nodeRows, nodesLook } from "./look/node-rows.ts";
export { type StatusReport, statusLook } from "./look/status.ts";
export { type WorkloadRow, workloadRows } from "./look/workload-rows.ts";
export { type MirrorServeRequest, mirrorServe } from "./mirror-serve.ts";
export { type PackageCreateReport, type PackageCreateRequest, packageCreate } from "./package/create.ts";
export { type FindImagesReport, type FindImagesRequest, packageFindImages } from "./package/find-images.ts";
export type { JourneyPorts, NodePorts } from "./ports.ts";
export { type RehearsalTime, rehearseUp, type SimulatedPorts, type UpRehearsal } from "./rehearse/rehearse-up.ts";
export type { PhaseStory, Retry, Story, Wait } from "./rehearse/story.ts";
export type { UpReport } from "./up/report.ts";
export type { ServedMirror } from "./up/served-mirror.ts";
export { type UpRequest, up } from "./up/up.ts";
export type { JourneyWorld } from "./world.ts";
