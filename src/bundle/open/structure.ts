import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { canonicalJson } from "../../lib/json.ts";
import {
  type Descriptor,
  type Digest,
  digestOf,
  formatReference,
  type Manifest,
  manifestLimitBytes,
  parseManifest,
  parseReference,
} from "../../oci/index.ts";
import { BundleDefinition } from "../definition/schema.ts";
import { type Closure, Closure as ClosureSchema, sortClosure } from "../format/closure.ts";
import { type IndexDocument, topDescriptors } from "../format/index-document.ts";
import type { PlatformName } from "../format/manifest.ts";
import { type Contents, mentionOrder, reachableFrom } from "../format/mention-order.ts";
import { ANNOTATION, LIMIT, MEDIA } from "../format/names.ts";
import type { BundleFile } from "./bundle-file.ts";
import { invalid, type Scan } from "./scan.ts";

/** What a bundle holds, checked: every descriptor that can be reached is there with its size, and nothing else is. */
export interface Structure {
  readonly definition: BundleDefinition;
  readonly closure: Closure;
  readonly contents: Contents;
  /** Manifests and indexes by digest. */
  readonly manifests: ReadonlyMap<string, Manifest>;
}

/**
 * Reads the documents and every manifest, each checked against its digest, and holds the entries against them.
 *
 * @throws OperatorError BUNDLE_INVALID, BUNDLE_DAMAGED
 */
export async function readStructure(
  file: BundleFile,
  scan: Scan,
  options: { readonly signal: AbortSignal },
): Promise<Structure> {
  const manifests = new Map<string, Manifest>();
  const manifestOf = async (descriptor: Descriptor): Promise<Manifest> => {
    options.signal.throwIfAborted();
    const bytes = await smallBlob(file, scan, descriptor, manifestLimitBytes);
    const manifest = parsedManifest(file, bytes, descriptor);
    manifests.set(descriptor.digest, manifest);
    return manifest;
  };
  const documentOf = async (descriptor: Descriptor, type: string): Promise<unknown> => {
    const manifest = await manifestOf(descriptor);
    const layer = manifest.kind === "image" && manifest.artifactType === type ? manifest.layers[0] : undefined;
    if (layer === undefined) throw invalid(file, `${descriptor.digest} is not its ${type}`);
    return JSON.parse((await smallBlob(file, scan, layer, LIMIT.documentBytes)).toString());
  };

  const { index } = scan;
  const definition = BundleDefinition.safeParse(await documentOf(index.definition, MEDIA.definition));
  if (!definition.success) throw invalid(file, "its definition is not one that this Skerry understands");
  const closure = ClosureSchema.safeParse(await documentOf(index.closure, MEDIA.closure));
  if (!closure.success) throw invalid(file, "its closure is not one that this Skerry understands");
  assertClosureFits(file, index, closure.data);
  for (const { reference } of closure.data.images) assertFullReference(file, reference);

  const contents = await mentionOrder(topDescriptors(index), platformsOf(definition.data), manifestOf);
  assertTypesFit(file, index, manifests);
  assertBlobsFit(file, scan, contents);
  assertAssetsFit(file, index, closure.data, manifests);
  return { definition: definition.data, closure: closure.data, contents, manifests };
}

/** The platforms whose manifests a bundle stores. */
export function platformsOf(definition: Pick<BundleDefinition, "architectures">): ReadonlySet<PlatformName> {
  return new Set(definition.architectures.map((architecture) => `linux/${architecture}`));
}

/** What a blob belongs to, in words: images, packages, the boot assets, the documents. */
export function ownersOf(digest: string, index: IndexDocument, children: Contents["children"]): readonly string[] {
  const holds = ({ digest: top }: Descriptor): boolean => reachableFrom(top, children).has(digest);
  return [
    ...(holds(index.definition) ? ["the definition"] : []),
    ...(holds(index.closure) ? ["the closure"] : []),
    ...index.images.filter(({ descriptor }) => holds(descriptor)).map(({ reference }) => reference),
    ...index.packages.filter(({ descriptor }) => holds(descriptor)).map(({ name }) => `package ${name}`),
    ...(index.assets !== undefined && holds(index.assets) ? ["the boot assets"] : []),
  ];
}

async function smallBlob(file: BundleFile, scan: Scan, descriptor: Descriptor, limitBytes: number): Promise<Buffer> {
  const entry = scan.blobs.get(descriptor.digest);
  if (entry === undefined) throw invalid(file, `it lacks the blob ${descriptor.digest}`);
  if (entry.sizeBytes !== descriptor.size)
    throw invalid(file, `its blob ${descriptor.digest} has not the size it should`);
  if (descriptor.size > limitBytes)
    throw invalid(file, `its blob ${descriptor.digest} is larger than ${limitBytes} bytes`);
  const bytes = await file.read(entry.offset, entry.sizeBytes);
  if (digestOf(bytes) !== descriptor.digest) throw damagedBlobs(file, [{ digest: descriptor.digest, owners: [] }]);
  return bytes;
}

/** The error for blobs whose bytes are not what their digests say. */
export function damagedBlobs(
  { file }: Pick<BundleFile, "file">,
  blobs: readonly { readonly digest: Digest; readonly owners: readonly string[] }[],
): OperatorError {
  const problems = blobs.map(({ digest, owners }) => ({
    message: owners.length === 0 ? digest : `${digest} (${owners.join(", ")})`,
  }));
  const what = problems.length === 1 ? `the blob ${problems[0]?.message}` : `${problems.length} blobs`;
  return new OperatorError("BUNDLE_DAMAGED", `${file} is damaged: ${what}`, {
    where: { file },
    next: ["copy the bundle again from where it was made"],
    problems,
  });
}

function parsedManifest(file: BundleFile, bytes: Uint8Array, { digest }: Descriptor): Manifest {
  try {
    return parseManifest(bytes, { what: `manifest ${digest}` });
  } catch (error) {
    if (isOperatorError(error, "MANIFEST_INVALID")) throw invalid(file, error.message);
    throw error;
  }
}

/** The closure is the list that is signed for; the index must name the same images and packages, no more and no fewer. */
function assertClosureFits(file: BundleFile, index: IndexDocument, closure: Closure): void {
  const said = closure.images.map(({ reference, digest }) => `${reference} ${digest}`);
  const held = index.images.map(({ reference, descriptor }) => `${reference} ${descriptor.digest}`);
  const saidPackages = closure.packages.map(({ name, digest }) => `${name} ${digest}`);
  const heldPackages = index.packages.map(({ name, descriptor }) => `${name} ${descriptor.digest}`);
  const isSorted = canonicalJson(sortClosure(closure)) === canonicalJson(closure);
  if (!isSorted || !isDeepEqual(said, held) || !isDeepEqual(saidPackages, heldPackages)) {
    throw invalid(file, "its index does not name what its closure names");
  }
}

/** What the index calls a manifest must be one, of the type that it says of itself. */
function assertTypesFit(file: BundleFile, index: IndexDocument, manifests: Structure["manifests"]): void {
  const wrong = topDescriptors(index).find(({ digest, mediaType }) => manifests.get(digest)?.mediaType !== mediaType);
  if (wrong !== undefined)
    throw invalid(file, `its ${wrong.digest} is not of the type ${JSON.stringify(wrong.mediaType)}`);
}

function assertFullReference(file: BundleFile, reference: string): void {
  const isFull = canonicalReference(reference) === reference;
  if (!isFull) throw invalid(file, `${JSON.stringify(reference)} is not a full image reference`);
}

function canonicalReference(text: string): string | undefined {
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (isOperatorError(error, "REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

function assertBlobsFit(file: BundleFile, scan: Scan, contents: Contents): void {
  const [conflict] = contents.conflicts;
  if (conflict !== undefined) throw invalid(file, `two of its manifests say different things of ${conflict}`);
  const missing = contents.blobs.filter(({ digest }) => !scan.blobs.has(digest));
  if (missing.length > 0) {
    const owners = missing.map(
      ({ digest }) => `${digest} (${ownersOf(digest, scan.index, contents.children).join(", ")})`,
    );
    throw invalid(file, `it lacks ${missing.length} blobs, first ${owners[0]}`);
  }
  const wrong = contents.blobs.find(({ digest, size }) => scan.blobs.get(digest)?.sizeBytes !== size);
  if (wrong !== undefined) throw invalid(file, `its blob ${wrong.digest} has not the size it should`);
  const wanted = new Set<string>(contents.blobs.map(({ digest }) => digest));
  const stranger = [...scan.blobs.keys()].find((digest) => !wanted.has(digest));
  if (stranger !== undefined) throw invalid(file, `it has a blob that nothing in it names: ${stranger}`);
  const inOrder = isDeepEqual([...scan.blobs.keys()], [...wanted]);
  if (!inOrder) throw invalid(file, "its blobs are not in the order in which they are named");
}

function assertAssetsFit(
  file: BundleFile,
  index: IndexDocument,
  closure: Closure,
  manifests: Structure["manifests"],
): void {
  const manifest = index.assets === undefined ? undefined : manifests.get(index.assets.digest);
  const layers = manifest?.kind === "image" ? manifest.layers : [];
  const held = layers.map(({ annotations, digest, size }) => `${annotations?.[ANNOTATION.title]} ${digest} ${size}`);
  const said = closure.assets.map(({ name, digest, sizeBytes }) => `${name} ${digest} ${sizeBytes}`);
  if (!isDeepEqual(said, held)) throw invalid(file, "its boot assets are not those of its closure");
}

function isDeepEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
