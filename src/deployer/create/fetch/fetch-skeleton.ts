import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { OperatorError } from "../../../lib/errors/index.ts";
import {
  type Descriptor,
  digestHex,
  type Manifest,
  parseManifest,
  parseReference,
  targetOf,
} from "../../../oci/index.ts";
import { titleAnnotation } from "../../package/media-types.ts";
import type { ComposeOptions } from "../source/compose.ts";
import { parseSource } from "../source/read-source.ts";
import type { StagingFolder } from "../stage/staging-folder.ts";
import { extractWanted } from "./extract-file.ts";
import type { Registries } from "./registries.ts";

const definitionLimitBytes = 4 << 20;

/**
 * How a component is imported from a registry: the package must have been published as a skeleton there. Only its definition and that
 * component are fetched.
 *
 * @throws OperatorError PACKAGE_IMPORT_INVALID where there is no skeleton, REGISTRY_…
 */
export function fetchSkeletonWith(ports: {
  readonly registries: Registries;
  readonly staging: StagingFolder;
  readonly signal: AbortSignal;
}): ComposeOptions["fetchSkeleton"] {
  const { registries, staging, signal } = ports;
  const fetched = new Set<string>();
  return async (url, component) => {
    const reference = parseReference(url.slice("oci://".length));
    const client = registries.client(reference.registry);
    const fetch = async (target: string): Promise<Manifest> => {
      const { bytes } = await client.fetchManifest(reference.repository, target, { signal });
      return parseManifest(bytes, { what: `package ${url}` });
    };
    const manifest = await skeletonOf(await fetch(targetOf(reference)), fetch, url);
    const layer = (title: string): Descriptor | undefined =>
      manifest.layers.find(({ annotations }) => annotations?.[titleAnnotation] === title);
    const definition = layer("zarf.yaml");
    if (definition === undefined || definition.size > definitionLimitBytes) throw noSkeleton(url);
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.fetchBlob(reference.repository, definition, { signal })) chunks.push(chunk);
    const source = parseSource(Buffer.concat(chunks).toString("utf8"), {
      file: url,
      templates: (architecture) => ({ architecture: architecture ?? "", values: {} }),
      isBuilt: true,
    });
    if (source.raw.values !== undefined && Object.values(source.raw.values).some((value) => value.length > 0))
      throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `${url} declares values, which a skeleton cannot bring`);
    const archive = layer(`components/${component}.tar`);
    if (archive === undefined) return { source, folder: await staging.newFolder() };
    // Its name comes into the package, and must be the same every time.
    const folder = path.join(staging.path, "oci", digestHex(archive.digest));
    if (!fetched.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = path.join(folder, "component.tar");
      const blob = client.fetchBlob(reference.repository, archive, { signal });
      await pipeline(blob, createWriteStream(file, { mode: 0o600 }), { signal });
      await extractWanted({ archive: file, name: `${component}.tar`, wanted: component, into: folder, signal });
      fetched.add(folder);
    }
    return { source, folder: path.join(folder, component) };
  };
}

async function skeletonOf(
  top: Manifest,
  fetch: (target: string) => Promise<Manifest>,
  url: string,
): Promise<Extract<Manifest, { kind: "image" }>> {
  const child =
    top.kind === "index" ? top.manifests.find(({ platform }) => platform?.architecture === "skeleton") : undefined;
  const manifest = child === undefined ? undefined : await fetch(child.digest);
  if (manifest?.kind !== "image") throw noSkeleton(url);
  return manifest;
}

function noSkeleton(url: string): OperatorError {
  return new OperatorError(
    "PACKAGE_IMPORT_INVALID",
    `${url} was not published as a skeleton, so nothing can be imported from it`,
    {
      where: { file: url },
      next: ["import from a folder, or ask for the package to be published with its skeleton"],
    },
  );
}
