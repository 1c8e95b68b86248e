import { link, open, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import type { Clock } from "../../lib/clock.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { writeFileWhole } from "../../lib/files.ts";
import { makeStateFolder, stateUnwritable } from "./state-folder.ts";

/** Who works on a site. */
export interface LockHolder {
  /** User name. */
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  /** RFC 3339, UTC */
  readonly start: string;
  /** RFC 3339, UTC; written again every ten seconds */
  readonly heartbeat: string;
}

/** The right to be the only run on a site. */
export interface Lock {
  /** Takes the lock; `onLost` is called once if another run takes it over while this one slept. */
  readonly take: (options: { readonly onLost: (error: OperatorError) => void }) => Promise<{
    readonly release: () => Promise<void>;
  }>;
}

const HEARTBEAT_MS = 10_000;
const STALE_MS = 60_000;

/**
 * A lock in a local file. It is taken over when its process is gone (same host) or its heartbeat is older than a minute.
 *
 * @param options.isAlive - whether a process of this host is there
 */
export function fileLock(options: {
  readonly path: string;
  readonly self: Omit<LockHolder, "start" | "heartbeat">;
  readonly clock: Clock;
  readonly isAlive?: (pid: number) => boolean;
}): Lock {
  const { path, self, clock } = options;
  const isAlive = options.isAlive ?? processIsAlive;
  const isStale = (held: HeldLock): boolean => {
    const age = clock.now().getTime() - held.heartbeatMs;
    const isDead = held.holder !== undefined && held.holder.host === self.host && !isAlive(held.holder.pid);
    return isDead || age > STALE_MS;
  };
  return {
    take: async ({ onLost }) => {
      await makeStateFolder(path);
      const start = clock.now().toISOString();
      const record = (): LockHolder => ({ ...self, start, heartbeat: clock.now().toISOString() });
      if (!(await create(path, record()))) {
        const held = await readLock(path);
        if (held !== undefined && !isStale(held)) throw locked(path, held.holder);
        if (held !== undefined) await removeStale(path, held, self.run);
        if (!(await create(path, record()))) throw locked(path, (await readLock(path))?.holder);
      }
      return beat({ path, record, clock, onLost });
    },
  };
}

function beat(options: {
  readonly path: string;
  readonly record: () => LockHolder;
  readonly clock: Clock;
  readonly onLost: (error: OperatorError) => void;
}): { readonly release: () => Promise<void> } {
  const { path, record, clock, onLost } = options;
  const stop = new AbortController();
  const isOurs = async () => (await readLock(path))?.holder?.run === record().run;
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, { signal: stop.signal });
      if (!(await isOurs())) return onLost(lost(path));
      await writeFileWhole(path, text(record()), { mode: 0o600 });
    }
  };
  const beating = loop().catch((error: unknown) => {
    // A heartbeat that cannot be written would let a second run in after a minute.
    if (!stop.signal.aborted) onLost(error instanceof OperatorError ? error : stateUnwritable(path, error));
  });
  return {
    release: async () => {
      stop.abort();
      await beating;
      if (await isOurs()) await rm(path, { force: true });
    },
  };
}

interface HeldLock {
  /** Absent where the file holds no record (its writer was killed between creating and writing it). */
  readonly holder: LockHolder | undefined;
  readonly heartbeatMs: number;
  readonly text: string;
}

async function readLock(path: string): Promise<HeldLock | undefined> {
  try {
    const [content, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const holder = parseHolder(content);
    return { holder, text: content, heartbeatMs: holder === undefined ? mtimeMs : Date.parse(holder.heartbeat) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw stateUnwritable(path, error);
  }
}

function parseHolder(content: string): LockHolder | undefined {
  try {
    const value = JSON.parse(content) as Partial<LockHolder> | null;
    const isHolder = typeof value?.pid === "number" && !Number.isNaN(Date.parse(value.heartbeat ?? ""));
    return isHolder ? (value as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

/** Exclusive creation; false where somebody has the lock. */
async function create(path: string, record: LockHolder): Promise<boolean> {
  try {
    const handle = await open(path, "wx", 0o600);
    try {
      await handle.writeFile(text(record));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw stateUnwritable(path, error);
  }
}

/**
 * Moves a stale lock out of the way. Two runs may find the same stale lock: the slower one must not move away what the
 * faster one has just created, so what was moved is compared with what was judged, and put back where it differs.
 */
async function removeStale(path: string, held: HeldLock, run: string): Promise<void> {
  const aside = `${path}.${run}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw stateUnwritable(path, error);
  }
  try {
    if ((await readFile(aside, "utf8")) !== held.text) await link(aside, path).catch(() => undefined);
  } finally {
    await unlink(aside);
  }
}

function text(record: LockHolder): string {
  return `${JSON.stringify(record)}\n`;
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, it is somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function locked(path: string, by: LockHolder | undefined): OperatorError {
  const who =
    by === undefined
      ? "a run that is just starting"
      : `${by.holder} on ${by.host} (process ${by.pid}), started ${by.start}, last heartbeat ${by.heartbeat}`;
  return new OperatorError("RUN_LOCKED", `another run works on this site: ${who}`, {
    where: { file: path },
    next: ["wait for that run to end, or end it, then run this command again"],
    retry: "later",
  });
}

function lost(path: string): OperatorError {
  return new OperatorError("RUN_LOCK_LOST", "another run took over the lock of this site while this one slept", {
    where: { file: path },
    next: ["look at what the other run does, then run this command again"],
    retry: "later",
  });
}
