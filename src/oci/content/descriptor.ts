import { z } from "zod";
import { type Digest, parseDigest } from "./digest.ts";

/** Which machine a manifest of an index is for. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

/** Content named by type, digest and size. @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

/** A digest in other people's JSON. */
export const DigestSchema = z.string().transform((text, context): Digest => {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  context.addIssue({ code: "custom", message: "not a sha256 digest" });
  return z.NEVER;
});

/** Lenient: what we do not know is left out, what we need must be right. */
export const DescriptorSchema: z.ZodType<Descriptor> = z
  .object({
    mediaType: z.string().min(1).max(255),
    digest: DigestSchema,
    size: z.int().min(0),
    artifactType: z.string().optional(),
    annotations: z.record(z.string(), z.string()).nullish(),
    platform: z.object({ architecture: z.string(), os: z.string(), variant: z.string().optional() }).nullish(),
  })
  .transform(({ mediaType, digest, size, artifactType, annotations, platform }) => ({
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations ? { annotations } : {}),
    ...(platform ? { platform: cleanPlatform(platform) } : {}),
  }));

function cleanPlatform(platform: { architecture: string; os: string; variant?: string | undefined }): Platform {
  const { architecture, os, variant } = platform;
  return variant === undefined ? { architecture, os } : { architecture, os, variant };
}
