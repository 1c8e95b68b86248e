export { createBundle } from "./create/create-bundle.ts";
export { openAssets } from "./create/open-assets.ts";
export type {
  AssetInput,
  BlobSource,
  ClosureImageInput,
  CreateBundleOptions,
  CreatedBundle,
  CreateEvent,
  ImageSource,
  PackageInput,
  StoredImage,
} from "./create/options.ts";
export { bundleJsonSchema } from "./definition/json-schema.ts";
export { type LoadedDefinition, loadBundleDefinition } from "./definition/load-definition.ts";
export { BundleDefinition } from "./definition/schema.ts";
export { type BundleContentsList, inspectBundle } from "./inspect.ts";
export type { Bundle, BundleImage, BundlePackage } from "./open/bundle.ts";
export { openBundle } from "./open/open-bundle.ts";
export { checkTrust, type Trust, type TrustResult } from "./sign/trust.ts";
export { type VerifiedBundle, verifyBundle } from "./verify/verify-bundle.ts";
