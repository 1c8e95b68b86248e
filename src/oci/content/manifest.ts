import { z } from "zod";
import { OperatorError } from "../../lib/errors/index.ts";
import { type Descriptor, DescriptorSchema, type Platform } from "./descriptor.ts";
import { mediaTypes } from "./media-types.ts";

/** No manifest or index may be larger; larger ones are refused before they are held in memory. */
export const manifestLimitBytes = 4 * 1024 * 1024;

/** One image (or artifact): its config and layers. */
export interface ImageManifest {
  readonly kind: "image";
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** A list of manifests, one per platform. */
export interface ImageIndex {
  readonly kind: "index";
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export type Manifest = ImageManifest | ImageIndex;

const annotations = z.record(z.string(), z.string()).nullish();
const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  annotations,
};
const ImageShape = z.object({
  ...common,
  config: DescriptorSchema,
  layers: z.array(DescriptorSchema),
  manifests: z.undefined().optional(),
});
const IndexShape = z.object({
  ...common,
  manifests: z.array(DescriptorSchema),
  layers: z.undefined().optional(),
  config: z.undefined().optional(),
});

/**
 * Reads an OCI or Docker (schema 2) manifest or index leniently: fields we do not know are ignored, those we need must be right.
 * Content that could be taken for both is refused.
 *
 * @param options.what - names the content in the error: "manifest of docker.io/library/registry:3"
 * @throws OperatorError MANIFEST_INVALID
 * @see https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh (why both at once is refused)
 */
export function parseManifest(bytes: Uint8Array, options: { readonly what: string }): Manifest {
  if (bytes.length > manifestLimitBytes) throw invalid(options.what, `is larger than ${manifestLimitBytes} bytes`);
  const json = readJson(bytes, options.what);
  const isIndex = typeof json === "object" && json !== null && "manifests" in json;
  return isIndex ? readIndex(json, options.what) : readImage(json, options.what);
}

/** The entry of an index for one platform, or undefined. An entry without a variant fits every variant, and arm64 means v8. */
export function choosePlatform(index: ImageIndex, wanted: Platform): Descriptor | undefined {
  const fitting = index.manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const variant = variantOf(wanted);
  return (
    fitting.find(({ platform }) => platform !== undefined && variantOf(platform) === variant) ??
    fitting.find(({ platform }) => platform?.variant === undefined || wanted.variant === undefined)
  );
}

function variantOf(platform: Platform): string | undefined {
  return platform.variant ?? (platform.architecture === "arm64" ? "v8" : undefined);
}

function readJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw invalid(what, "is not JSON", error);
  }
}

function readImage(json: unknown, what: string): ImageManifest {
  const result = ImageShape.safeParse(json);
  if (!result.success) throw invalid(what, reasonOf(result.error), result.error);
  const { mediaType, artifactType, config, layers } = result.data;
  return {
    kind: "image",
    mediaType: mediaType ?? mediaTypes.ociManifest,
    ...(artifactType === undefined ? {} : { artifactType }),
    config,
    layers,
    annotations: result.data.annotations ?? {},
  };
}

function readIndex(json: unknown, what: string): ImageIndex {
  const result = IndexShape.safeParse(json);
  if (!result.success) throw invalid(what, reasonOf(result.error), result.error);
  const { mediaType, artifactType, manifests } = result.data;
  return {
    kind: "index",
    mediaType: mediaType ?? mediaTypes.ociIndex,
    ...(artifactType === undefined ? {} : { artifactType }),
    manifests,
    annotations: result.data.annotations ?? {},
  };
}

function reasonOf(error: z.ZodError): string {
  const issue = error.issues[0];
  const place = issue?.path.join(".") ?? "";
  return `is not a manifest that is understood (${place === "" ? "as a whole" : place})`;
}

function invalid(what: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError("MANIFEST_INVALID", `the ${what} ${reason}`, {
    next: ["check that the image was built and pushed whole, then run the same command again"],
    retry: "later",
    cause,
  });
}
