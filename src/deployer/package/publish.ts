import pMap from "p-map";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type Descriptor, type Digest, mediaTypes, parseManifest, type RegistryClient } from "../../oci/index.ts";
import { goJson } from "./go-json.ts";
import type { OpenPackage } from "./open-package.ts";
import { publishedManifest } from "./published-manifest.ts";

/** Blobs in work at once, as Zarf does. */
const concurrency = 6;

export interface PublishRequest {
  readonly client: RegistryClient;
  /** Where packages lie in the registry: `packages`; the package's own name comes behind it. "" for the root. */
  readonly namespace: string;
  /** Default: the version, with the flavor behind it. */
  readonly tag?: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** What Zarf would tag a package with, or undefined for one without a version. */
export function publishedTag({ metadata, build }: OpenPackage["definition"]): string | undefined {
  if (metadata.version === undefined) return undefined;
  // A tag knows no plus sign.
  const version = metadata.version.replaceAll("+", "-");
  return build?.flavor === undefined ? version : `${version}-${build.flavor}`;
}

/**
 * Puts a package into a registry in published form: files, config, manifest, then the index under the tag, where it replaces the entry
 * of its architecture and leaves the others. What the registry has is not sent again. Safe to repeat.
 *
 * @returns digest of the package's manifest and of the index
 * @throws OperatorError REGISTRY_*, REFERENCE_INVALID, PACKAGE_INVALID where the tag is something else than packages
 */
export async function publishPackage(
  pkg: Pick<OpenPackage, "name" | "definition" | "files" | "openFile">,
  { client, namespace, signal, onProgress, ...request }: PublishRequest,
): Promise<{ readonly repository: string; readonly tag: string; readonly digest: Digest; readonly index: Digest }> {
  const { definition, files } = pkg;
  const tag = request.tag ?? publishedTag(definition);
  if (tag === undefined)
    throw new OperatorError("REFERENCE_INVALID", `package ${pkg.name} has no version to be tagged with`, {
      next: ["give the package a version, or name a tag for it"],
    });
  const repository = namespace === "" ? pkg.name : `${namespace.replace(/\/$/, "")}/${pkg.name}`;
  const published = publishedManifest(definition, files);
  const before = await entriesOf(client, { repository, tag, signal });
  const blobs = new Map([...files].map(([path, file]) => [file.digest, { path, ...file }]));
  const totalBytes = [...blobs.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  await pMap(
    blobs.values(),
    async ({ path, digest, sizeBytes }) => {
      const open = () => pkg.openFile(path, { signal });
      await client.pushBlob(repository, { digest, size: sizeBytes }, open, { signal });
      doneBytes += sizeBytes;
      onProgress?.(doneBytes, totalBytes);
    },
    { concurrency, signal },
  );
  const { config, configBytes, manifestBytes, digest } = published;
  await client.pushBlob(repository, config, () => once(configBytes), { signal });
  await client.pushManifest(
    repository,
    digest,
    { mediaType: mediaTypes.ociManifest, bytes: manifestBytes },
    { signal },
  );
  const architecture = definition.metadata.architecture ?? definition.build?.architecture ?? "";
  const entry: Descriptor = {
    mediaType: mediaTypes.ociManifest,
    digest,
    size: manifestBytes.length,
    platform: { architecture, os: "multi" },
  };
  const bytes = Buffer.from(goJson(indexOf(withEntry(before, entry))));
  const index = await client.pushManifest(repository, tag, { mediaType: mediaTypes.ociIndex, bytes }, { signal });
  return { repository, tag, digest, index };
}

async function entriesOf(
  client: RegistryClient,
  { repository, tag, signal }: { readonly repository: string; readonly tag: string; readonly signal: AbortSignal },
): Promise<readonly Descriptor[]> {
  try {
    const { bytes } = await client.fetchManifest(repository, tag, { signal });
    const manifest = parseManifest(bytes, { what: `index ${repository}:${tag}` });
    if (manifest.kind === "index" && manifest.manifests.every(({ platform }) => platform?.os === "multi"))
      return manifest.manifests;
  } catch (error) {
    if (isOperatorError(error, "REGISTRY_NOT_FOUND")) return [];
    throw error;
  }
  throw new OperatorError("PACKAGE_INVALID", `${repository}:${tag} is there already, and is not a package`, {
    next: ["choose another tag or another place for the package"],
  });
}

function withEntry(entries: readonly Descriptor[], entry: Descriptor): readonly Descriptor[] {
  const at = entries.findIndex(({ platform }) => platform?.architecture === entry.platform?.architecture);
  return at < 0 ? [...entries, entry] : entries.with(at, entry);
}

/** Keys in the order in which Go writes them. */
const indexOf = (entries: readonly Descriptor[]) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: entries.map(({ mediaType, digest, size, platform }) => ({ mediaType, digest, size, platform })),
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
