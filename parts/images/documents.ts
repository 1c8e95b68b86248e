import type { Architecture } from "../catalog.ts";
import type { Image } from "../image-catalog.ts";

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: Architecture; readonly os: "linux" };
  readonly annotations?: Readonly<Record<string, string>>;
}

export const manifestMediaType = "application/vnd.oci.image.manifest.v1+json";
export const indexMediaType = "application/vnd.oci.image.index.v1+json";
export const configMediaType = "application/vnd.oci.image.config.v1+json";
export const referenceAnnotation = "org.opencontainers.image.ref.name";

const epoch = "1970-01-01T00:00:00Z";

/**
 * The image config of one architecture.
 *
 * @param labels - where the content came from, beside the labels that every image has
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
 */
export function imageConfig(
  image: Image,
  architecture: Architecture,
  details: { readonly diffIds: readonly string[]; readonly labels: Readonly<Record<string, string>> },
) {
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const emptySet = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));
  return {
    architecture,
    os: "linux",
    created: epoch,
    config: {
      Env: Object.entries({ PATH: path, ...image.env }).map(([name, value]) => `${name}=${value}`),
      Entrypoint: image.entrypoint,
      WorkingDir: "/",
      Labels: {
        ...details.labels,
        ...(image.standIn === undefined ? {} : { "dev.skerry.stand-in": image.standIn }),
      },
      ...(image.cmd === undefined ? {} : { Cmd: image.cmd }),
      ...(image.user === undefined ? {} : { User: image.user }),
      ...(image.ports === undefined ? {} : { ExposedPorts: emptySet(image.ports) }),
      ...(image.volumes === undefined ? {} : { Volumes: emptySet(image.volumes) }),
    },
    rootfs: { type: "layers", diff_ids: details.diffIds },
    history: details.diffIds.map(() => ({ created: epoch, created_by: "skerry parts" })),
  };
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md */
export function imageManifest(config: Descriptor, layers: readonly Descriptor[]) {
  return { schemaVersion: 2, mediaType: manifestMediaType, config, layers };
}

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md */
export function imageIndex(manifests: readonly Descriptor[]) {
  return { schemaVersion: 2, mediaType: indexMediaType, manifests };
}
