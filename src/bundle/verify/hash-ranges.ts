import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { hashWorker, type WorkerAnswer, type WorkerJob } from "./hash-worker.ts";

/** A stretch of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface HashOptions {
  readonly signal: AbortSignal;
  /** Bytes hashed since the last call. */
  readonly onBytes?: (bytes: number) => void;
  /** default: the cores there are, at most 8 */
  readonly maxWorkers?: number;
}

/** Below this, starting a second thread takes longer than it saves. */
const BYTES_PER_WORKER = 32 * 1024 * 1024;

/**
 * The sha256 of many stretches of one open file, on all cores, with one buffer of 1 MiB each. Longest first, so that no core
 * is left alone with a long one at the end.
 *
 * @param fd - a file descriptor of this process, open for reading; it must stay open until this settles
 * @returns per range its hex digest, or the system's error code where reading failed (`EIO`; `EOF` where the file ends before it)
 */
export async function hashRanges(
  fd: number,
  ranges: readonly ByteRange[],
  options: HashOptions,
): Promise<readonly ({ readonly hex: string } | { readonly failure: string })[]> {
  options.signal.throwIfAborted();
  // A thread costs 10 MB, also one that has nothing to do.
  if (ranges.length === 0) return [];
  const totalBytes = ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const jobs = ranges.map((range, index): WorkerJob => ({ index, ...range })).sort((a, b) => a.sizeBytes - b.sizeBytes);
  const wanted = Math.max(1, Math.ceil(totalBytes / BYTES_PER_WORKER));
  const count = Math.min(options.maxWorkers ?? Math.min(availableParallelism(), 8), wanted, jobs.length);
  const answers: ({ readonly hex: string } | { readonly failure: string })[] = [];
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const onAbort = (): void => {
    Atomics.store(stop, 0, 1);
  };
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.all(
      Array.from({ length: count }, () =>
        runWorker({ fd, stop }, () => jobs.pop(), {
          onAnswer: (index, answer) => {
            answers[index] = answer;
          },
          onBytes: options.onBytes ?? (() => undefined),
        }),
      ),
    );
  } finally {
    options.signal.removeEventListener("abort", onAbort);
  }
  options.signal.throwIfAborted();
  return answers;
}

/** One thread that takes a job when it is done with the one before. Resolves when it has ended, so the descriptor may be closed. */
async function runWorker(
  data: { readonly fd: number; readonly stop: Int32Array },
  nextJob: () => WorkerJob | undefined,
  on: {
    readonly onAnswer: (index: number, answer: { readonly hex: string } | { readonly failure: string }) => void;
    readonly onBytes: (bytes: number) => void;
  },
): Promise<void> {
  // From its source text: the shipped program is one file, which a thread could not be started from by path.
  const worker = new Worker(`(${hashWorker.toString()})()`, { eval: true, workerData: data });
  await new Promise<void>((resolve, reject) => {
    const next = (): void => worker.postMessage(nextJob() ?? "end");
    worker.on("message", (answer: WorkerAnswer) => {
      if (answer.kind === "bytes") on.onBytes(answer.bytes);
      else {
        on.onAnswer(answer.index, answer.kind === "hex" ? { hex: answer.hex } : { failure: answer.failure });
        next();
      }
    });
    worker.once("error", reject);
    worker.once("exit", () => resolve());
    next();
  });
}
