import { digestHex, digestOf } from "../../oci/index.ts";
import { damaged, type PackageContent, shown } from "./archive/package-content.ts";
import { parseChecksums } from "./checksums.ts";
import type { PackageDefinition } from "./definition.ts";
import type { PackageFile } from "./package-types.ts";

/** Files that checksums.txt never lists: they were there before it, or came after it. */
const unlisted: ReadonlySet<string> = new Set(["zarf.yaml", "checksums.txt", "zarf.yaml.sig", "zarf.bundle.sig"]);

/**
 * Holds the files of a package against its `checksums.txt`, and that against the definition: all that can be said without reading
 * the files again.
 *
 * @param read.own - the files that were read whole already, by path
 * @returns every file with the digest that its bytes must have
 * @throws OperatorError PACKAGE_DAMAGED with every problem found
 */
export function checkContent(
  content: PackageContent,
  definition: PackageDefinition,
  read: { readonly checksums: Buffer; readonly own: ReadonlyMap<string, Buffer> },
): ReadonlyMap<string, PackageFile> {
  const aggregate = digestHex(digestOf(read.checksums));
  if (definition.metadata.aggregateChecksum !== aggregate)
    throw damaged(content.label, [`aggregateChecksum of zarf.yaml is not the sum of checksums.txt (${aggregate})`]);
  const { files: listed, problems } = parseChecksums(read.checksums.toString("utf8"));
  const found = [...problems];
  const files = new Map<string, PackageFile>();
  for (const { path, digest } of listed) {
    const file = content.files.get(path);
    if (path === "zarf.yaml" || path === "checksums.txt") found.push(`checksums.txt lists ${path}`);
    else if (file === undefined) found.push(`${shown(path)} is listed but not there`);
    else if (file.digest !== undefined && file.digest !== digest)
      found.push(`${shown(path)} has another sum than checksums.txt says`);
    else if (!isOwnName(path, digest)) found.push(`${shown(path)} has content that is not what its name says`);
    else files.set(path, { sizeBytes: file.sizeBytes, digest });
  }
  const { signed = false, provenanceFiles = [] } = definition.build ?? {};
  const exempt = new Set([...unlisted, ...(signed ? provenanceFiles : [])]);
  const names = new Set(listed.map(({ path }) => path));
  for (const path of content.files.keys()) {
    const own = read.own.get(path);
    if (!names.has(path) && !exempt.has(path)) found.push(`${shown(path)} is there but not listed`);
    else if (own !== undefined && !names.has(path)) files.set(path, { sizeBytes: own.length, digest: digestOf(own) });
  }
  if (found.length > 0) throw damaged(content.label, found);
  return files;
}

/** A blob is called by its digest. */
function isOwnName(path: string, digest: Parameters<typeof digestHex>[0]): boolean {
  const hex = /^images\/blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  return hex === undefined || hex === digestHex(digest);
}
