import { z } from "zod";
import { type ImageManifest, manifestLimitBytes } from "../../oci/index.ts";
import type { PlatformName } from "../format/manifest.ts";
import type { ImageSource } from "./options.ts";

const Config = z.object({ os: z.string().min(1), architecture: z.string().min(1) });

/**
 * The platform of an image that no index states, from its config; undefined where the config does not say (an artifact).
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties
 */
export async function configPlatform(
  source: ImageSource,
  { config }: ImageManifest,
  options: { readonly signal: AbortSignal },
): Promise<PlatformName | undefined> {
  if (config.size > manifestLimitBytes) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.client.fetchBlob(source.repository, config, options)) chunks.push(chunk);
  const parsed = Config.safeParse(parseJson(Buffer.concat(chunks)));
  return parsed.success ? `${parsed.data.os}/${parsed.data.architecture}` : undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
