import { OperatorError } from "../../lib/errors/index.ts";
import type { Digest, Manifest } from "../../oci/index.ts";
import { manifestLimitBytes, parseManifest } from "../../oci/index.ts";
import { topDescriptors } from "../format/index-document.ts";
import { type Contents, mentionOrder } from "../format/mention-order.ts";
import { type BundleFile, openBundleFile, readFailure } from "../open/bundle-file.ts";
import { type Scan, scanBundle } from "../open/scan.ts";
import { damagedBlobs, ownersOf, platformsOf, readStructure } from "../open/structure.ts";
import { checkTrust, type Trust, type TrustResult } from "../sign/trust.ts";
import { hashRanges } from "./hash-ranges.ts";

/** What was found to be right. */
export interface VerifiedBundle {
  readonly file: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly blobs: number;
  readonly images: number;
  readonly trust: TrustResult;
}

/**
 * Looks at every byte of a bundle: headers, padding and trailer against the ones we would have written, the signature, every
 * blob against its digest, the contents against the closure. One flipped bit anywhere is found.
 *
 * @param options.trust - whom to trust; a bundle signed with none of these keys fails
 * @throws OperatorError BUNDLE_DAMAGED with every bad blob and what it belongs to, BUNDLE_INVALID, BUNDLE_TRUNCATED, BUNDLE_GONE,
 *   and those of checkTrust
 */
export async function verifyBundle(
  path: string,
  options: {
    readonly trust: Trust;
    readonly signal: AbortSignal;
    readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
  },
): Promise<VerifiedBundle> {
  const file = await openBundleFile(path);
  try {
    const scan = await scanBundle(file, options);
    const trust = checkTrust({ file: path, ...scan }, options.trust);
    const bad = await badBlobs(file, scan, options);
    if (bad.length > 0) throw await damage(file, scan, bad);
    const { definition, closure } = await readStructure(file, scan, options);
    return {
      file: path,
      name: definition.name,
      sizeBytes: file.sizeBytes,
      blobs: scan.blobs.size,
      images: closure.images.length,
      trust,
    };
  } finally {
    await file.close();
  }
}

async function badBlobs(
  file: BundleFile,
  scan: Scan,
  options: Parameters<typeof verifyBundle>[1],
): Promise<readonly Digest[]> {
  const blobs = [...scan.blobs];
  const totalBytes = blobs.reduce((sum, [, { sizeBytes }]) => sum + sizeBytes, 0);
  let doneBytes = 0;
  const answers = await hashRanges(
    file.fd,
    blobs.map(([, entry]) => entry),
    {
      signal: options.signal,
      onBytes: (bytes) => {
        doneBytes += bytes;
        options.onProgress?.({ doneBytes, totalBytes });
      },
    },
  );
  return blobs.flatMap(([digest], at) => {
    const answer = answers[at];
    if (answer === undefined) throw new Error(`no answer for ${digest}`);
    if ("failure" in answer) throw readError(file.file, answer.failure);
    return `sha256:${answer.hex}` === digest ? [] : [digest];
  });
}

/** The length was right when it was opened, so a file that ends too early now was cut under our hands. */
function readError(file: string, failure: string): unknown {
  const code = failure === "EOF" ? "ENODEV" : failure;
  const error = readFailure(file, Object.assign(new Error(`reading ${file}: ${failure}`), { code }));
  return error;
}

/** Names what bad blobs belong to, as far as the good manifests tell. */
async function damage(file: BundleFile, scan: Scan, bad: readonly Digest[]): Promise<OperatorError> {
  const isBad = new Set<string>(bad);
  const manifestOf = async ({ digest }: { readonly digest: Digest }): Promise<Manifest | undefined> => {
    const entry = scan.blobs.get(digest);
    if (entry === undefined || isBad.has(digest) || entry.sizeBytes > manifestLimitBytes) return undefined;
    try {
      return parseManifest(await file.read(entry.offset, entry.sizeBytes), { what: digest });
    } catch (error) {
      if (error instanceof OperatorError && error.code === "MANIFEST_INVALID") return undefined;
      throw error;
    }
  };
  // Which platforms are stored is said by the definition, which may be bad itself: following all of them only finds more owners.
  const everything: Contents = await mentionOrder(topDescriptors(scan.index), allPlatforms, manifestOf);
  return damagedBlobs(
    file,
    bad.map((digest) => ({ digest, owners: ownersOf(digest, scan.index, everything.children) })),
  );
}

const allPlatforms = platformsOf({ architectures: ["amd64", "arm64"] });
