import type { ImageSource } from "../../bundle/index.ts";
import { allImages, type OpenPackage, publishedManifest, textsOfOpen } from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { formatReference, manifestLimitBytes, parseDigest, parseManifest, type Reference } from "../../oci/index.ts";
import type { ClosurePackage } from "./closure-package.ts";

/** A package that is made already, on its way into a bundle: all its bytes stay as they are, its images come out of it. */
export async function openedPackage(pkg: OpenPackage, call: { readonly signal: AbortSignal }): Promise<ClosurePackage> {
  const { manifestBytes, configBytes, layers } = publishedManifest(pkg.definition, pkg.files);
  const images = allImages(pkg.definition);
  return {
    name: pkg.name,
    images,
    texts: await textsOfOpen(pkg, call),
    input: () => ({
      name: pkg.name,
      ...(pkg.version === "" ? {} : { version: pkg.version }),
      manifest: manifestBytes,
      config: configBytes,
      layers: layers.map((descriptor) => ({
        descriptor,
        open: (open) => pkg.openFile(descriptor.annotations?.["org.opencontainers.image.title"] ?? "", open),
      })),
    }),
    source: (reference) => (images.includes(formatReference(reference)) ? sourceOf(pkg, reference) : undefined),
  };
}

function sourceOf({ images, name }: OpenPackage, { registry, repository }: Reference): ImageSource {
  return {
    repository,
    client: {
      fetchManifest: async (_repository, target, { signal }) => {
        const wanted = parseDigest(target);
        const found = await images.resolve({ registry, repository, reference: target });
        const digest = found?.digest ?? wanted;
        const size = digest === undefined ? undefined : await images.stat(digest);
        if (digest === undefined || size === undefined || size > manifestLimitBytes)
          throw new OperatorError("PACKAGE_IMAGES_MISSING", `package ${name} does not carry ${repository} ${target}`);
        const chunks: Uint8Array[] = [];
        for await (const chunk of images.open(digest, { signal })) chunks.push(Buffer.from(chunk));
        const bytes = Buffer.concat(chunks);
        const { mediaType } = parseManifest(bytes, { what: `manifest ${repository} ${target}` });
        return { descriptor: { mediaType, digest, size }, bytes };
      },
      fetchBlob: (_repository, { digest }, { signal, start = 0 }) => images.open(digest, { signal, start }),
    },
  };
}
