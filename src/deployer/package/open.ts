import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import {
  type Descriptor,
  type Digest,
  digestHex,
  digestOf,
  type ImageManifest,
  manifestLimitBytes,
} from "../../oci/index.ts";
import { parseChecksums } from "./checksums.ts";
import { componentLimitBytes, manifestFile, readComponentTar } from "./component-tar.ts";
import { refuseUnsupported } from "./features.ts";
import { configMediaType, titleAnnotation } from "./media-types.ts";
import { manifestPath, type Package } from "./package.ts";
import { pathProblem } from "./path-rules.ts";
import { readDefinition } from "./read-definition.ts";

const checksumsLimitBytes = 16 << 20;

/** A package in published form, wherever it lies: a bundle, a registry. */
export interface PackageSource {
  /** Of the manifest. */
  readonly digest: Digest;
  readonly manifest: Pick<ImageManifest, "config" | "layers">;
  /** The bytes of a layer; they are measured and hashed here. */
  readonly readBlob: (digest: Digest, options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
}

/**
 * Reads and checks a package: names, `checksums.txt` against its own sum and against every layer, the definition, the archives
 * of the components. Image content is not read, only named: its digests are its names. Nothing is written anywhere.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED, PACKAGE_FEATURE_UNSUPPORTED
 */
export async function openPackage(source: PackageSource, options: { readonly signal: AbortSignal }): Promise<Package> {
  if (source.manifest.config.mediaType !== configMediaType)
    throw invalid(`its config is ${source.manifest.config.mediaType}, not ${configMediaType}`);
  const layers = layersByTitle(source.manifest.layers);
  const read = (title: string, limitBytes: number) => readLayer(source, layers, title, limitBytes, options.signal);

  const definition = readDefinition(await readText(read("zarf.yaml", manifestLimitBytes)));
  const name = definition.metadata.name;
  const checksums = await read("checksums.txt", checksumsLimitBytes);
  const aggregate = digestHex(digestOf(checksums));
  if (definition.metadata.aggregateChecksum !== aggregate)
    throw damaged(name, [`aggregateChecksum of zarf.yaml is not the sum of checksums.txt (${aggregate})`]);
  checkAgainst(name, checksums, layers, exemptFiles(definition.build?.signed, definition.build?.provenanceFiles));
  refuseUnsupported(definition);

  const manifests = new Map<string, string>();
  for (const component of definition.components) {
    if (component.manifests.length === 0) continue;
    const files = await readComponentTar(
      component.name,
      await read(`components/${component.name}.tar`, componentLimitBytes),
    );
    for (const manifest of component.manifests)
      for (const index of manifest.files.keys()) {
        const stored = manifestFile(manifest.name, index);
        const bytes = files.get(`manifests/${stored}`);
        if (bytes === undefined) throw invalid(`component ${component.name} lacks manifests/${stored}`);
        manifests.set(manifestPath(component.name, stored), Buffer.from(bytes).toString("utf8"));
      }
  }
  return { name, version: definition.metadata.version ?? "", digest: source.digest, definition, manifests };
}

function invalid(what: string, problems: readonly Problem[] = []): OperatorError {
  return new OperatorError("PACKAGE_INVALID", `this is not a package: ${what}`, { problems });
}

function damaged(name: string, problems: readonly string[]): OperatorError {
  return new OperatorError("PACKAGE_DAMAGED", `package ${name} is not what it was: ${problems.join("; ")}`, {
    problems: problems.map((message) => ({ message })),
    next: ["make the bundle again, or copy it again from its source"],
  });
}

function layersByTitle(descriptors: readonly Descriptor[]): ReadonlyMap<string, Descriptor> {
  const layers = new Map<string, Descriptor>();
  for (const descriptor of descriptors) {
    const title = descriptor.annotations?.[titleAnnotation] ?? "";
    const shown = JSON.stringify(title.slice(0, 120));
    // A package rebuilt by another tar may say ./zarf.yaml; it means the same file.
    const path = title.replace(/^\.\//, "");
    const problem = pathProblem(path);
    if (problem !== undefined) throw invalid(`its file ${shown} ${problem}`);
    if (layers.has(path)) throw invalid(`it has two files ${shown}`);
    layers.set(path, descriptor);
  }
  return layers;
}

async function readLayer(
  source: PackageSource,
  layers: ReadonlyMap<string, Descriptor>,
  title: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const descriptor = layers.get(title);
  if (descriptor === undefined) throw invalid(`it has no ${title}`);
  if (descriptor.size > limitBytes) throw invalid(`its ${title} is larger than ${limitBytes} bytes`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source.readBlob(descriptor.digest, { signal })) {
    bytes += chunk.length;
    if (bytes > descriptor.size) break;
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  if (bytes !== descriptor.size || digestOf(whole) !== descriptor.digest)
    throw new OperatorError("PACKAGE_DAMAGED", `the bytes of ${title} are not those its digest promises`, {
      next: ["make the bundle again, or copy it again from its source"],
    });
  return whole;
}

async function readText(bytes: Promise<Uint8Array>): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await bytes);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw invalid("zarf.yaml is not UTF-8 text");
  }
}

/** Files that checksums.txt does not list: they were there before it, or came after it. */
function exemptFiles(isSigned = false, provenanceFiles: readonly string[] = []): ReadonlySet<string> {
  const always = ["zarf.yaml", "checksums.txt", "zarf.yaml.sig", "zarf.bundle.sig"];
  return new Set([...always, ...(isSigned ? provenanceFiles : [])]);
}

function checkAgainst(
  name: string,
  checksums: Uint8Array,
  layers: ReadonlyMap<string, Descriptor>,
  exempt: ReadonlySet<string>,
): void {
  const { files, problems } = parseChecksums(Buffer.from(checksums).toString("utf8"));
  const found = [...problems];
  const listed = new Set<string>();
  for (const { path, digest } of files) {
    const shown = JSON.stringify(path.slice(0, 120));
    listed.add(path);
    const layer = layers.get(path);
    if (path === "zarf.yaml" || path === "checksums.txt") found.push(`checksums.txt lists ${path}`);
    else if (layer === undefined) found.push(`${shown} is listed but not there`);
    else if (layer.digest !== digest) found.push(`${shown} has another sum than checksums.txt says`);
  }
  for (const path of layers.keys())
    if (!listed.has(path) && !exempt.has(path)) found.push(`${JSON.stringify(path)} is there but not listed`);
  if (found.length > 0) throw damaged(name, found);
}
