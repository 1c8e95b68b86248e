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
export { attachImages, type BuiltPackage, type PackageImage, type PackageLayer } from "./package/assemble.ts";
export { type BuildOptions, buildPackage } from "./package/build.ts";
export { openPackage, type PackageSource } from "./package/open.ts";
export { type Package, packageImages } from "./package/package.ts";
