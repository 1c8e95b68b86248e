import { openSync, read, write } from "node:fs";

/** The largest frame that the kernel hands over in one piece, with what it says about it. */
const FRAME_BYTES = 70_000;
/** More than that waiting is a link that is overrun: what comes then is lost, as on a real one. */
const QUEUE_BYTES = 64 * 2 ** 20;

interface Waiting {
  readonly at: number;
  readonly frame: Buffer;
}

/**
 * Passes Ethernet frames from one tap device to another and back, each late by so many milliseconds and in order: what netem does, for
 * kernels that have none. Runs until the process ends or a device is gone.
 */
export async function relayLate(pathA: string, pathB: string, milliseconds: number): Promise<void> {
  const [a, b] = [openSync(pathA, "r+"), openSync(pathB, "r+")];
  await Promise.race([relay(a, b, milliseconds), relay(b, a, milliseconds)]);
}

async function relay(from: number, to: number, milliseconds: number): Promise<void> {
  const buffer = Buffer.alloc(FRAME_BYTES);
  const queue: Waiting[] = [];
  let waitingBytes = 0;
  let isTimed = false;
  const flush = () => {
    const now = performance.now();
    for (let first = queue[0]; first !== undefined && first.at <= now; first = queue[0]) {
      queue.shift();
      waitingBytes -= first.frame.length;
      // A frame that the other side does not take is lost.
      write(to, first.frame, 0, first.frame.length, null, () => undefined);
    }
    isTimed = queue[0] !== undefined;
    if (queue[0] !== undefined) setTimeout(flush, queue[0].at - now);
  };
  for (;;) {
    const size = await readFrame(from, buffer);
    if (waitingBytes + size > QUEUE_BYTES) continue;
    waitingBytes += size;
    queue.push({ at: performance.now() + milliseconds, frame: Buffer.from(buffer.subarray(0, size)) });
    if (!isTimed) setTimeout(flush, milliseconds);
    isTimed = true;
  }
}

function readFrame(fd: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, size) => (error === null ? resolve(size) : reject(error)));
  });
}
