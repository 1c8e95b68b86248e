import { OperatorError } from "../../lib/errors/index.ts";
import { manifestLimitBytes, verifyStream } from "../../oci/index.ts";
import { openLocation } from "./archive/open-location.ts";
import { damaged, invalid, type PackageContent, shown } from "./archive/package-content.ts";
import { type PackageSource, publishedContent } from "./archive/published-content.ts";
import { checkContent } from "./check-content.ts";
import { componentArchive } from "./component-archive.ts";
import { noComponentFiles, openComponent } from "./component-files.ts";
import type { PackageDefinition } from "./definition.ts";
import type { OpenOptions } from "./open-options.ts";
import { checkPackageImages, packageImages } from "./package-images.ts";
import type { OpenPackage, PackageFile, PackageSignature } from "./package-types.ts";
import { publishedManifest } from "./published-manifest.ts";
import { readDefinition } from "./read-definition.ts";
import { checkSignature } from "./sign/check-signature.ts";

export type { PackageSource } from "./archive/published-content.ts";
export type { OpenOptions } from "./open-options.ts";
export type { ComponentEntry, ComponentFiles, OpenPackage, PackageFile, PackageSignature } from "./package-types.ts";

/** Where a package lies: a file or folder by its path, a package in published form, and whether a bundle's signature covers that. */
export type PackageLocation =
  | { readonly path: string }
  | { readonly published: PackageSource; readonly isCovered?: boolean; readonly isRemote?: boolean };

const checksumsLimitBytes = 16 << 20;

/**
 * Opens a package wherever it lies, and checks it before anybody sees anything of it: names, definition, checksums, signature, and
 * that its images are whole. Bytes are checked as they are read.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED, PACKAGE_TOO_LARGE, PACKAGE_NO_SPACE, PACKAGE_UNTRUSTED,
 *   PACKAGE_SIGNATURE_INVALID, PACKAGE_ARCHITECTURE, FILE_UNREADABLE; nothing is left on disk then
 */
export async function openPackage(location: PackageLocation, options: OpenOptions): Promise<OpenPackage> {
  const content =
    "path" in location
      ? await openLocation(location.path, { ...options.spool, signal: options.signal, keep: keptBy(options.keep) })
      : publishedContent(location.published);
  try {
    return await openContent(content, location, options);
  } catch (error) {
    await content.close();
    throw error;
  }
}

/** Without the bulk: what says what a package is, and its documentation. */
const tells = /^(?!components\/|images\/blobs\/|sboms\.tar$)/;
const keptBy = (keep: OpenOptions["keep"]) => (path: string) => keep !== "definition" || tells.test(path);

async function openContent(
  content: PackageContent,
  location: PackageLocation,
  options: OpenOptions,
): Promise<OpenPackage> {
  const { signal } = options;
  const own = await readOwn(content, signal);
  const definition = definitionOf(content, own);
  const files = checkContent(content, definition, { checksums: needed(content, own, "checksums.txt"), own });
  const signature = signatureOf(content, definition, own, location, options);
  checkArchitecture(content, definition, options.architecture);
  checkComponents(content, definition, files);
  const readable = { label: content.label, files, ...readersOf(content, files, own) };
  const isWhole = "path" in location && options.keep !== "definition";
  if (isWhole) await checkPackageImages(readable, { signal });
  const closers: (() => Promise<void>)[] = [content.close];
  return {
    ...readable,
    name: definition.metadata.name,
    version: definition.metadata.version ?? "",
    digest: "path" in location ? publishedManifest(definition, files).digest : location.published.digest,
    definition,
    signature,
    component: async (name, call) => {
      const path = `components/${name}.tar`;
      const file = files.get(path);
      if (file === undefined) return noComponentFiles;
      const whole = (read: { readonly signal: AbortSignal }) => readable.openFile(path, read);
      const onClose = (close: () => Promise<void>) => {
        closers.unshift(close);
      };
      const archive = await componentArchive(
        content,
        { path, sizeBytes: file.sizeBytes, whole },
        { ...call, ...(options.spool?.parent === undefined ? {} : { parent: options.spool.parent }), onClose },
      );
      return await openComponent(name, archive, call);
    },
    images: await packageImages(readable, { signal }),
    close: async () => {
      for (const close of closers.splice(0)) await close();
    },
  };
}

/** Files that are read whole now, because everything else is judged by them. */
const ownFiles = { "zarf.yaml": manifestLimitBytes, "checksums.txt": checksumsLimitBytes } as const;
const signatureLimitBytes = 1 << 20;

async function readOwn(content: PackageContent, signal: AbortSignal): Promise<ReadonlyMap<string, Buffer>> {
  const own = new Map<string, Buffer>();
  const limits = { ...ownFiles, "zarf.bundle.sig": signatureLimitBytes, "zarf.yaml.sig": signatureLimitBytes };
  for (const [path, limitBytes] of Object.entries(limits)) {
    const file = content.files.get(path);
    if (file !== undefined) own.set(path, await readOwnFile(content, path, file, { limitBytes, signal }));
  }
  return own;
}

async function readOwnFile(
  content: PackageContent,
  path: string,
  file: { readonly sizeBytes: number; readonly digest?: PackageFile["digest"] },
  call: { readonly limitBytes: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  if (file.sizeBytes > call.limitBytes)
    throw new OperatorError("PACKAGE_TOO_LARGE", `${path} of ${content.label} is larger than ${call.limitBytes} bytes`);
  const source = content.open(path, { signal: call.signal });
  return await collect(
    file.digest === undefined ? source : verified(content, path, { ...file, digest: file.digest }, source),
    file.sizeBytes,
  );
}

function needed(content: PackageContent, own: ReadonlyMap<string, Buffer>, path: string): Buffer {
  const bytes = own.get(path);
  if (bytes === undefined) throw invalid(content.label, `it has no ${path}`);
  return bytes;
}

function definitionOf(content: PackageContent, own: ReadonlyMap<string, Buffer>): PackageDefinition {
  try {
    return readDefinition(new TextDecoder("utf-8", { fatal: true }).decode(needed(content, own, "zarf.yaml")));
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw invalid(content.label, "its zarf.yaml is not UTF-8 text", error);
  }
}

function signatureOf(
  content: PackageContent,
  { build }: PackageDefinition,
  own: ReadonlyMap<string, Buffer>,
  location: PackageLocation,
  { trust }: OpenOptions,
): PackageSignature {
  if ("published" in location && location.isCovered === true) return "bundle";
  const bundle = own.get("zarf.bundle.sig");
  const legacy = own.get("zarf.yaml.sig");
  return checkSignature(
    {
      label: content.label,
      definition: needed(content, own, "zarf.yaml"),
      isSigned: build?.signed,
      provenanceFiles: build?.provenanceFiles ?? [],
      ...(bundle === undefined ? {} : { bundle }),
      ...(legacy === undefined ? {} : { legacy }),
    },
    trust,
  );
}

function checkArchitecture({ label }: PackageContent, { metadata, build }: PackageDefinition, wanted?: string): void {
  const own = metadata.architecture ?? build?.architecture;
  if (wanted === undefined || own === undefined || own === "multi" || own === wanted) return;
  throw new OperatorError("PACKAGE_ARCHITECTURE", `package ${label} is for ${own}, not for ${wanted}`, {
    next: [`get the package that was made for ${wanted}`],
  });
}

/** A component whose content is in an archive must have one. */
function checkComponents(
  { label }: PackageContent,
  { components }: PackageDefinition,
  files: ReadonlyMap<string, PackageFile>,
): void {
  const lacking = components.filter(
    ({ name, charts, manifests, dataInjections, files: own, repos }) =>
      [charts, manifests, dataInjections, own, repos].some((items) => items.length > 0) &&
      !files.has(`components/${name}.tar`),
  );
  if (lacking.length > 0)
    throw damaged(
      label,
      lacking.map(({ name }) => `the archive of component ${name} is missing`),
    );
}

function readersOf(
  content: PackageContent,
  files: ReadonlyMap<string, PackageFile>,
  own: ReadonlyMap<string, Buffer>,
): Pick<OpenPackage, "readFile" | "openFile"> {
  const fileAt = (path: string): PackageFile => {
    const file = files.get(path);
    if (file === undefined) throw invalid(content.label, `it has no file ${shown(path)}`);
    return file;
  };
  const openFile: OpenPackage["openFile"] = (path, { signal }) => {
    const held = own.get(path);
    return held === undefined
      ? verified(content, path, fileAt(path), content.open(path, { signal }))
      : once(Buffer.from(held));
  };
  return {
    openFile,
    readFile: async (path, { limitBytes, signal }) => {
      const { sizeBytes } = fileAt(path);
      if (sizeBytes > limitBytes)
        throw invalid(
          content.label,
          `its ${shown(path)} has ${sizeBytes} bytes, more than the ${limitBytes} it may have`,
        );
      return await collect(openFile(path, { signal }), sizeBytes);
    },
  };
}

function verified(
  { label }: PackageContent,
  path: string,
  { digest, sizeBytes }: PackageFile,
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const mismatch = () => damaged(label, [`the bytes of ${shown(path)} are not those that its checksum promises`]);
  return verifyStream(source, { digest, size: sizeBytes }, { mismatch });
}

/** Never more than it should be, whatever the source gives. */
async function collect(source: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw new OperatorError("PACKAGE_DAMAGED", "a file is longer than its package says");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
