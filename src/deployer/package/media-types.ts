/** Zarf's published form. @see https://github.com/zarf-dev/zarf/tree/v0.84.0/src/pkg/zoci */
export const configMediaType = "application/vnd.zarf.config.v1+json";
export const layerMediaType = "application/vnd.zarf.layer.v1.blob";
/** The path of a layer's file in the package. */
export const titleAnnotation = "org.opencontainers.image.title";
