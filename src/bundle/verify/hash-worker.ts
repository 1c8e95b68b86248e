export interface WorkerJob {
  readonly index: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

export type WorkerAnswer =
  | { readonly kind: "bytes"; readonly bytes: number }
  | { readonly kind: "hex"; readonly index: number; readonly hex: string }
  | { readonly kind: "failure"; readonly index: number; readonly failure: string };

/**
 * The whole of a hashing thread. It is started from its own source text, so it may use nothing from outside its braces: no
 * import, no constant. Nor may a function in it have a name: bundlers wrap those in a helper that stays outside.
 */
export function hashWorker(): void {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const { readSync } = process.getBuiltinModule("node:fs");
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
  const { fd, stop } = workerData as { readonly fd: number; readonly stop: Int32Array };
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  if (parentPort === null) return;

  parentPort.on("message", (job: "end" | WorkerJob) => {
    if (job === "end" || Atomics.load(stop, 0) === 1) {
      parentPort.close();
      return;
    }
    const hash = createHash("sha256");
    const end = job.offset + job.sizeBytes;
    let untoldBytes = 0;
    try {
      for (let position = job.offset; position < end; ) {
        if (Atomics.load(stop, 0) === 1) {
          parentPort.close();
          return;
        }
        const bytes = readSync(fd, buffer, 0, Math.min(buffer.length, end - position), position);
        if (bytes === 0) {
          parentPort.postMessage({ kind: "failure", index: job.index, failure: "EOF" });
          return;
        }
        hash.update(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
        position += bytes;
        untoldBytes += bytes;
        if (untoldBytes >= 16 * 1024 * 1024) {
          parentPort.postMessage({ kind: "bytes", bytes: untoldBytes });
          untoldBytes = 0;
        }
      }
    } catch (error) {
      parentPort.postMessage({
        kind: "failure",
        index: job.index,
        failure: String((error as { code?: unknown }).code),
      });
      return;
    }
    parentPort.postMessage({ kind: "bytes", bytes: untoldBytes });
    parentPort.postMessage({ kind: "hex", index: job.index, hex: hash.digest("hex") });
  });
}
