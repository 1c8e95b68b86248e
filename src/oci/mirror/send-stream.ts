import type { ServerResponse } from "node:http";
import { recycleChunk } from "../content/chunk-pool.ts";

/**
 * Writes a stream as the body of a response, at the pace of the puller, and ends it. A source with fewer or more bytes than were
 * announced ends in a cut connection.
 *
 * @param options.size - bytes announced in Content-Length
 * @param options.onBytes - called with the length of each chunk handed to the connection
 * @returns whether all was handed over
 */
export async function sendStream(
  response: ServerResponse,
  chunks: AsyncIterator<Uint8Array>,
  options: {
    readonly first: IteratorResult<Uint8Array>;
    readonly size: number;
    readonly onBytes: (count: number) => void;
  },
): Promise<boolean> {
  let left = options.size;
  try {
    for (let item = options.first; item.done !== true; item = await chunks.next()) {
      if (response.destroyed) return false;
      left -= item.value.length;
      if (left < 0) break;
      const chunk = item.value;
      const isRoomLeft = response.write(chunk, (error) => {
        // After an error the system may still hold on to the memory.
        if (!error) recycleChunk(chunk);
      });
      options.onBytes(item.value.length);
      if (!isRoomLeft && !(await drained(response))) return false;
    }
    if (left === 0) response.end();
    else response.destroy();
    return left === 0;
  } finally {
    await chunks.return?.();
  }
}

/** Waits for room or for the end of the connection. @returns whether there is room */
function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (isOpen: boolean): void => {
      response.off("drain", onDrain);
      response.off("close", onClose);
      resolve(isOpen);
    };
    const onDrain = (): void => settle(true);
    const onClose = (): void => settle(false);
    response.on("drain", onDrain);
    response.on("close", onClose);
  });
}
