import pLimit from "p-limit";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type Descriptor, describeMismatch, verifyStream } from "../../oci/index.ts";
import type { PlacedEntry } from "../format/layout.ts";
import type { PartialFile } from "./partial-file.ts";
import { writeBlob } from "./write-blob.ts";

/** One place a blob can be had from. */
export interface BlobOrigin {
  readonly open: (options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** Whether `open` verifies size and digest itself, as the registry client does. Otherwise it is done here. */
  readonly isVerified: boolean;
  /** Tries before the next origin; a registry client tries again by itself. */
  readonly attempts: number;
  /** Where it is, for messages. */
  readonly label: string;
}

export interface TransferJob {
  readonly descriptor: Descriptor;
  readonly place: PlacedEntry;
  /** Tried in this order. */
  readonly origins: readonly BlobOrigin[];
}

/** A blob that could not be had from anywhere. */
export interface TransferFailure {
  readonly descriptor: Descriptor;
  readonly error: OperatorError;
}

/** After so many failures in a row, with nothing had in between, the rest is left for the next run. */
const MAX_FAILURES_IN_A_ROW = 8;
const RETRY_DELAY_MS = 1000;

/**
 * Fetches blobs to their places, several at a time. A failed blob does not stop the others; a disk that cannot be written does.
 *
 * @returns what could not be had; what was not tried any more is not in it
 * @throws OperatorError FILE_UNWRITABLE, and the signal's reason
 */
export async function transferBlobs(
  partial: PartialFile,
  jobs: readonly TransferJob[],
  options: {
    readonly signal: AbortSignal;
    readonly concurrency: number;
    readonly clock: Clock;
    readonly onBytes: (bytes: number) => void;
    readonly onFailure: (failure: TransferFailure) => void;
  },
): Promise<readonly TransferFailure[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const limit = pLimit(options.concurrency);
  const failures: TransferFailure[] = [];
  let inARow = 0;
  const transfer = async (job: TransferJob): Promise<void> => {
    signal.throwIfAborted();
    if (inARow >= MAX_FAILURES_IN_A_ROW) return;
    const { digest } = job.descriptor;
    try {
      await transferOne(partial, job, { ...options, signal });
      inARow = 0;
      await partial.finished({ digest, offset: job.place.offset, sizeBytes: job.place.sizeBytes });
    } catch (error) {
      signal.throwIfAborted();
      if (!isOperatorError(error) || error.code === "FILE_UNWRITABLE") throw error;
      inARow += 1;
      const failure = { descriptor: job.descriptor, error };
      failures.push(failure);
      options.onFailure(failure);
    }
  };
  const work = jobs.map(
    async (job) =>
      await limit(transfer, job).catch((error: unknown) => {
        // The first of these is what went wrong; the others only hear of it.
        stop.abort(error);
        throw error;
      }),
  );
  const results = await Promise.allSettled(work);
  if (results.some(({ status }) => status === "rejected")) {
    options.signal.throwIfAborted();
    throw stop.signal.reason;
  }
  return failures;
}

async function transferOne(
  partial: PartialFile,
  job: TransferJob,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly onBytes: (bytes: number) => void },
): Promise<void> {
  let last: unknown = new Error(`nowhere to get ${job.descriptor.digest} from`);
  for (const origin of job.origins) {
    for (let attempt = 1; attempt <= origin.attempts; attempt += 1) {
      let countedBytes = 0;
      try {
        const bytes = origin.open(options);
        const verified = origin.isVerified ? bytes : verify(bytes, job.descriptor, origin.label);
        await writeBlob(partial.target, job.place, verified, {
          onBytes: (count) => {
            countedBytes += count;
            options.onBytes(count);
          },
        });
        return;
      } catch (error) {
        options.onBytes(-countedBytes);
        options.signal.throwIfAborted();
        if (!isOperatorError(error) || error.code === "FILE_UNWRITABLE") throw error;
        last = error;
        if (error.retry !== "same") break;
        if (attempt < origin.attempts) await options.clock.sleep(RETRY_DELAY_MS * 2 ** (attempt - 1), options);
      }
    }
  }
  throw last;
}

function verify(bytes: AsyncIterable<Uint8Array>, descriptor: Descriptor, label: string): AsyncIterable<Uint8Array> {
  return verifyStream(bytes, descriptor, {
    mismatch: (found) =>
      new OperatorError("BUNDLE_SOURCE_FAILED", `${label}: ${descriptor.digest} ${describeMismatch(found)}`, {
        next: ["check where it comes from, then run the same command again"],
        retry: "later",
      }),
  });
}
