import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { digestOf } from "../../oci/index.ts";
import { blobEntryName, planLayout } from "../format/layout.ts";
import { LAYOUT_CONTENT } from "../format/names.ts";
import { platformsOf } from "../open/structure.ts";
import { type BundleKey, readPrivateKey } from "../sign/keys.ts";
import { isSignedBy, readSignature, signIndex } from "../sign/signature.ts";
import { type EarlierBlobs, earlierBlobs } from "./earlier-blobs.ts";
import { freeBytesOf, noSpace } from "./free-space.ts";
import { incomplete } from "./incomplete.ts";
import { lockOutput } from "./lock-output.ts";
import type { CreateBundleOptions, CreatedBundle } from "./options.ts";
import { allocatedBytes, openPartialFile, partialNames } from "./partial-file.ts";
import { type PlannedContents, planContents } from "./plan-contents.ts";
import { type ResolvedImages, resolveImages } from "./resolve-images.ts";
import { readSidecar } from "./sidecar.ts";
import { type BlobOrigin, type TransferJob, transferBlobs } from "./transfer-blobs.ts";

/**
 * Makes a bundle: asks for every image, works out the index, then streams each blob to its place in the file, verified as it
 * passes. The same inputs give the same bytes (an ECDSA signature aside), also when a run was interrupted and taken up again.
 * Safe to repeat: what an earlier run or the bundle that is there already holds is copied, not fetched.
 *
 * @throws OperatorError BUNDLE_IMAGES_MISSING and BUNDLE_SOURCE_FAILED after everything else was finished and kept,
 *   BUNDLE_NO_SPACE before anything is fetched, BUNDLE_BUSY, BUNDLE_KEY_UNUSABLE, FILE_UNWRITABLE
 */
export async function createBundle(options: CreateBundleOptions): Promise<CreatedBundle> {
  const key = options.signingKey === undefined ? undefined : readPrivateKey(options.signingKey);
  const platforms = platformsOf(options.definition);
  const unlock = await lockOutput(options.output);
  try {
    const resolved = await resolveImages(options, platforms);
    const contents = await planContents(options, resolved, platforms);
    return await writeBundle(options, { resolved, contents, key });
  } finally {
    await unlock();
  }
}

const PROGRESS_BYTES = 4 * 1024 * 1024;

interface Plan {
  readonly resolved: ResolvedImages;
  readonly contents: PlannedContents;
  readonly key: BundleKey | undefined;
}

async function writeBundle(options: CreateBundleOptions, plan: Plan): Promise<CreatedBundle> {
  const { output, signal, clock = systemClock } = options;
  const { contents, resolved, key } = plan;
  const indexDigest = digestOf(contents.indexBytes);
  const signature = key === undefined ? undefined : await signatureFor(options, contents.indexBytes, key);
  const layout = planLayout(contents.indexBytes.length, signature?.length, contents.blobs);
  await assertSpace(options, layout.totalBytes, indexDigest);

  const heads = [Buffer.from(LAYOUT_CONTENT), contents.indexBytes, ...(signature === undefined ? [] : [signature])];
  const sidecarSignature = signature === undefined ? {} : { signature: signature.toString() };
  const partial = await openPartialFile(output, { layout, indexDigest, heads, ...sidecarSignature }, { signal, clock });
  let earlier: EarlierBlobs | undefined;
  let isComplete = false;
  try {
    earlier = await earlierBlobs(output, { signal });
    const jobs = transferJobs(plan, layout.entries, earlier, partial.present);
    const totalBytes = contents.blobs.reduce((sum, { size }) => sum + size, 0);
    const wantedBytes = jobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    const presentBytes = totalBytes - wantedBytes;
    options.onProgress?.({ kind: "planned", blobs: contents.blobs.length, totalBytes, presentBytes });
    const failures = await transferBlobs(partial, jobs, {
      signal,
      clock,
      concurrency: options.concurrency ?? 4,
      onBytes: progressOf(options, presentBytes, totalBytes),
      onFailure: ({ descriptor, error }) =>
        options.onProgress?.({ kind: "blob-failed", digest: descriptor.digest, reason: error.message }),
    });
    if (resolved.failures.length > 0 || failures.length > 0) throw incomplete(output, plan, failures);
    await partial.complete({ signal });
    isComplete = true;
    return {
      file: output,
      digest: indexDigest,
      sizeBytes: layout.totalBytes,
      images: resolved.images.length,
      packages: contents.index.packages.length,
      blobs: contents.blobs.length,
      fetchedBytes: wantedBytes,
      ...(key === undefined ? {} : { keyId: key.keyId }),
    };
  } catch (error) {
    // The reason to stop counts, not what noting it may run into.
    if (!isComplete) await partial.keep().catch(() => undefined);
    throw error;
  } finally {
    await earlier?.close();
  }
}

/** Counts bytes, and tells of every few megabytes: a network brings thousands of chunks a second. */
function progressOf(options: CreateBundleOptions, presentBytes: number, totalBytes: number): (bytes: number) => void {
  let doneBytes = presentBytes;
  let toldBytes = presentBytes;
  return (bytes) => {
    doneBytes += bytes;
    if (Math.abs(doneBytes - toldBytes) < PROGRESS_BYTES && doneBytes !== totalBytes) return;
    toldBytes = doneBytes;
    options.onProgress?.({ kind: "bytes", doneBytes, totalBytes });
  };
}

/** ECDSA signatures are never the same twice, so an unfinished bundle's own is kept as long as it fits. */
async function signatureFor(options: CreateBundleOptions, index: Buffer, key: BundleKey): Promise<Buffer> {
  const sidecar = await readSidecar(partialNames(options.output).sidecar);
  const kept = sidecar?.signature === undefined ? undefined : Buffer.from(sidecar.signature);
  const signature = kept === undefined ? undefined : readSignature(kept);
  if (kept !== undefined && signature !== undefined && isSignedBy(index, signature, key)) return kept;
  return signIndex(index, key);
}

async function assertSpace(options: CreateBundleOptions, totalBytes: number, indexDigest: string): Promise<void> {
  const names = partialNames(options.output);
  const sidecar = await readSidecar(names.sidecar);
  const presentBytes = sidecar?.index === indexDigest ? await allocatedBytes(names.partial) : 0;
  const neededBytes = Math.max(0, totalBytes - presentBytes);
  const free = options.freeBytes ?? freeBytesOf;
  if ((await free(dirname(options.output))) >= neededBytes) return;
  // What earlier runs left saves fetching, but not at the price of not finishing.
  for (const path of [names.earlier, names.earlierSidecar]) await rm(path, { force: true });
  if (presentBytes === 0) for (const path of [names.partial, names.sidecar]) await rm(path, { force: true });
  const freeBytes = await free(dirname(options.output));
  if (freeBytes < neededBytes) throw noSpace(options.output, neededBytes, freeBytes);
}

function transferJobs(
  { contents, resolved }: Plan,
  entries: ReturnType<typeof planLayout>["entries"],
  earlier: EarlierBlobs,
  present: ReadonlySet<string>,
): readonly TransferJob[] {
  const places = new Map(entries.map((entry) => [entry.name, entry]));
  return contents.blobs.flatMap((descriptor): readonly TransferJob[] => {
    const { digest } = descriptor;
    const place = places.get(blobEntryName(digest));
    if (place === undefined) throw new Error(`${digest} has no place`);
    if (present.has(digest)) return [];
    const local = contents.local.get(digest);
    const before = earlier.sourceOf(digest);
    const origins: BlobOrigin[] = [
      ...(before === undefined
        ? []
        : [{ open: before.open, isVerified: false, attempts: 1, label: "an earlier bundle" }]),
      ...(local === undefined
        ? []
        : [{ open: local.open, isVerified: false, attempts: 3, label: "a package or asset" }]),
      ...(resolved.sources.get(digest) ?? []).map(({ client, repository }) => ({
        open: (options: { readonly signal: AbortSignal }) => client.fetchBlob(repository, descriptor, options),
        isVerified: true,
        attempts: 1,
        label: repository,
      })),
    ];
    return [{ descriptor, place, origins }];
  });
}
