export { type ImageName, parseImageName } from "./image-name.ts";
export type { ImagePushProgress, PushedImage, PushImagesRequest } from "./push-request.ts";
export type { RegistryAccess } from "./registry-access.ts";
export { nameChecksum, type TargetNames, targetNames } from "./target-names.ts";
