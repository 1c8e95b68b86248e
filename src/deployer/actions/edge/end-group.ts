import { spawn } from "node:child_process";

/** How long a command may tidy up after it was asked to end. */
const graceMs = 5000;
const lookMs = 20;
/** Where nobody collects dead processes a group is never gone. */
const looksAtTheDead = 25;

/**
 * Ends a process and everything in the group it leads once `signal` aborts: asks, waits for the leader, then insists. What has
 * left the group is beyond reach and not waited for. On Windows, which has no groups, the tree below it is ended at once.
 *
 * @param pid - undefined where the process did not start
 * @returns `done` resolves when all of it was ended (never on Windows); call `release` when the process has ended
 */
export function endGroup(
  pid: number | undefined,
  signal: AbortSignal,
): { readonly done: Promise<undefined>; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timers = new Set<NodeJS.Timeout>();
  let looksLeft = looksAtTheDead;
  const stop = (): void => {
    if (pid === undefined) return;
    if (process.platform === "win32") {
      spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore" }).on("error", () => undefined);
      return;
    }
    send(pid, "SIGTERM");
    timers.add(setTimeout(() => send(pid, "SIGKILL"), graceMs));
    timers.add(
      setInterval(() => {
        if (send(pid, 0, "alone")) return;
        // Who led the group has tidied up; the rest of it has nothing to wait for.
        const isGone = !send(pid, "SIGKILL");
        looksLeft -= 1;
        if (isGone || looksLeft === 0) resolve(undefined);
      }, lookMs),
    );
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return {
    done: promise,
    release: () => {
      signal.removeEventListener("abort", stop);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** False where the group, or its leader alone, is gone. */
function send(pid: number, signal: NodeJS.Signals | 0, to: "group" | "alone" = "group"): boolean {
  try {
    return process.kill(to === "group" ? -pid : pid, signal);
  } catch {
    return false;
  }
}
