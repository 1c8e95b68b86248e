export { type ImageName, parseImageName } from "./image-name.ts";
export { type OpenRegistryRequest, openRegistry, type RegistryLocation } from "./open-registry.ts";
export { pushImages } from "./push-images.ts";
export type { ImagePushProgress, PushedImage, PushImagesRequest } from "./push-request.ts";
export { type RegistryAccess, registryAccess } from "./registry-access.ts";
export { nameChecksum, type TargetNames, targetNames } from "./target-names.ts";
