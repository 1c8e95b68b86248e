import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";

/**
 * Holds the lock of this name for as long as this process lives or until it is disposed; waits while another holds it.
 *
 * The lock is a listening socket in Linux' abstract namespace: the kernel gives it to exactly one process and takes it
 * back when that process ends, however it ends, so no stale lock can remain. Whoever waits is connected to the holder
 * and wakes when the connection closes. Processes in different network namespaces do not see each other's lock: what
 * it guards must be safe without it, and only not be done twice.
 *
 * @param onWait - told once per holder that is waited for, "process 1234"
 */
export async function lock(
  name: string,
  options: { readonly signal: AbortSignal; readonly onWait: (holder: string) => void },
): Promise<AsyncDisposable> {
  const address = `\0skerry-${createHash("sha256").update(name).digest("hex").slice(0, 40)}`;
  for (;;) {
    options.signal.throwIfAborted();
    const held = await tryListen(address);
    if (held !== undefined) return held;
    await waitForHolder(address, options);
  }
}

async function tryListen(address: string): Promise<AsyncDisposable | undefined> {
  const waiters = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    waiters.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => waiters.delete(socket));
    socket.write(`process ${process.pid}\n`);
  });
  server.listen(address);
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of waiters) socket.destroy();
      await closed;
    },
  };
}

/** Resolves when the holder's socket closes, or at once when there is none any more. */
async function waitForHolder(
  address: string,
  options: { readonly signal: AbortSignal; readonly onWait: (holder: string) => void },
): Promise<void> {
  const socket = net.connect({ path: address });
  const stop = (): void => void socket.destroy();
  options.signal.addEventListener("abort", stop, { once: true });
  socket.once("data", (bytes) => options.onWait(bytes.toString("utf8").trim()));
  socket.on("error", stop);
  try {
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
}
