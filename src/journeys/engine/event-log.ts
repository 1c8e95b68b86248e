import { open, rename, stat } from "node:fs/promises";
import { redactSecrets } from "../../lib/errors/index.ts";
import { makeStateFolder, stateUnwritable } from "./state-folder.ts";
import type { JourneyEvent } from "./types.ts";

/** The full story of every run on a site, for the day after. */
export interface EventLog {
  readonly write: (event: JourneyEvent) => void;
  readonly close: () => Promise<void>;
}

/** A log that has grown beyond this is begun anew; the one before is kept as `events.ndjson.1`. */
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/**
 * Opens `events.ndjson` for appending (0600). Each event is one line, redacted as it goes in. A disk that fills up later
 * ends the log, not the run.
 *
 * @throws OperatorError FILE_UNWRITABLE
 */
export async function openEventLog(path: string): Promise<EventLog> {
  await makeStateFolder(path);
  try {
    await rotate(path);
    const handle = await open(path, "a", 0o600);
    const stream = handle.createWriteStream();
    let isBroken = false;
    stream.on("error", () => {
      isBroken = true;
    });
    return {
      write: (event) => {
        if (!isBroken) stream.write(`${redactSecrets(JSON.stringify(event))}\n`);
      },
      close: () =>
        new Promise((resolve) => {
          if (stream.closed) return resolve();
          stream.once("close", () => resolve());
          stream.end();
        }),
    };
  } catch (error) {
    throw stateUnwritable(path, error);
  }
}

async function rotate(path: string): Promise<void> {
  const sizeBytes = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (sizeBytes > MAX_LOG_BYTES) await rename(path, `${path}.1`);
}
