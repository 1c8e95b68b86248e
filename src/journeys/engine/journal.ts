import { type FileHandle, open } from "node:fs/promises";
import { makeStateFolder, stateUnwritable } from "./state-folder.ts";

/** One finished step. */
export interface JournalEntry {
  /** RFC 3339, UTC; when the step ended */
  readonly time: string;
  readonly run: string;
  readonly step: string;
  /** Digest of the step's inputs, `sha256:…` */
  readonly inputs: string;
  readonly outcome: "succeeded" | "failed" | "cancelled";
  readonly durationMs: number;
  /** Error code, where it failed. */
  readonly error?: string;
}

/** Memory of finished steps. It explains and speeds; what is done is decided by looking. */
export interface Journal {
  /** The line is on the disk when this resolves. */
  readonly append: (entry: JournalEntry) => Promise<void>;
  /** The last entry of a step that succeeded, in any run. */
  readonly lastSuccess: (step: string) => JournalEntry | undefined;
  readonly close: () => Promise<void>;
}

/** Older lines than these are not read again; they stay in the file. */
const MAX_READ_BYTES = 16 * 1024 * 1024;

/**
 * Opens `journal.jsonl`, making it where it is missing (0600). A last line torn by a crash is cut off; a line that is no
 * entry is passed over, since the journal never decides alone.
 *
 * @throws OperatorError FILE_UNWRITABLE before anything is done
 */
export async function openJournal(path: string): Promise<Journal> {
  await makeStateFolder(path);
  const handle = await open(path, "a+", 0o600).catch((error: unknown) => {
    throw stateUnwritable(path, error);
  });
  try {
    const known = remember(await readWholeLines(handle));
    return writeThrough(handle, path, known);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Appends are queued: whatever waits while the disk syncs goes out together with one sync. */
function writeThrough(handle: FileHandle, path: string, known: Map<string, JournalEntry>): Journal {
  let waiting: JournalEntry[] = [];
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await handle.appendFile(batch.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      await handle.datasync();
    } catch (error) {
      throw stateUnwritable(path, error);
    }
    for (const entry of batch) if (entry.outcome === "succeeded") known.set(entry.step, entry);
  };
  return {
    append: (entry) => {
      waiting.push(entry);
      const mine = writing.then(flush);
      writing = mine.catch(() => undefined);
      return mine;
    },
    lastSuccess: (step) => known.get(step),
    close: async () => {
      await writing;
      await handle.close();
    },
  };
}

/** The whole lines at the end of the file; what follows the last newline is a torn line and is cut off. */
async function readWholeLines(handle: FileHandle): Promise<readonly string[]> {
  const { size } = await handle.stat();
  const start = Math.max(0, size - MAX_READ_BYTES);
  const bytes = Buffer.alloc(size - start);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
  if (start + end < size) await handle.truncate(start + end);
  const lines = bytes.subarray(0, end).toString("utf8").split("\n");
  return start > 0 ? lines.slice(1) : lines;
}

function remember(lines: readonly string[]): Map<string, JournalEntry> {
  const known = new Map<string, JournalEntry>();
  for (const line of lines) {
    const entry = parseEntry(line);
    if (entry?.outcome === "succeeded") known.set(entry.step, entry);
  }
  return known;
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    const value = JSON.parse(line) as Partial<JournalEntry> | null;
    const isEntry =
      typeof value?.step === "string" && typeof value.inputs === "string" && typeof value.time === "string";
    return isEntry ? (value as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}
