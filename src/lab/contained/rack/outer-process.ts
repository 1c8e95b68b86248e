import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Where the supervisor of a contained rack is told the process id of its `unshare`. */
export const HANDSHAKE_FD = 3;

/** The words before a supervisor's command that give it namespaces of its own, which end with it. */
export const namespaced: readonly [string, ...string[]] = [
  "unshare",
  "--mount",
  // What the computer unmounts, a stick that is pulled out, is unmounted here too; nothing goes the other way.
  "--propagation=slave",
  "--pid",
  "--net",
  "--ipc",
  "--uts",
  "--fork",
  "--kill-child",
];

/**
 * Waits until whoever started this process has written down that it runs, and learns as what: a rack whose start was killed before that makes
 * nothing and ends.
 *
 * @returns the process id of `unshare` in the computer's numbering; undefined when the starter is gone
 */
export function awaitRecorded(fd = HANDSHAKE_FD): number | undefined {
  const text = readFileSync(fd, "utf8").trim();
  closeSync(fd);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

const SIGTERM_BIT = 1n << 14n;

/**
 * Whether SIGTERM waits at a process that has it blocked, as `unshare` has: then nobody but us can act on it. Call while /proc is
 * still the computer's.
 *
 * @returns a function that looks; false once the process cannot be seen
 * @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function pendingTermination(pid: number): () => boolean {
  const fd = openSync(`/proc/${pid}/status`, "r");
  const buffer = Buffer.alloc(8192);
  return () => {
    try {
      const status = buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
      const [, pending = "0"] = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(status) ?? [];
      return (BigInt(`0x${pending}`) & SIGTERM_BIT) !== 0n;
    } catch {
      return false;
    }
  };
}
