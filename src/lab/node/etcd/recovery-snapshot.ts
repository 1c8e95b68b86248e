import { createWriteStream, mkdirSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** EPHEMERAL is not mounted, so that a snapshot has no place to be. */
export class NotMountedError extends Error {
  readonly kind = "not-mounted";

  constructor() {
    super("etcd service is not ready for recovery yet");
  }
}

/** A snapshot that EtcdRecover brought and that Bootstrap may ask for; Talos keeps it as `/var/lib/etcd.snapshot`. */
export interface RecoverySnapshot {
  readonly file: string;
  /** Takes the place of an earlier one once it is whole; a stream that breaks off leaves nothing of itself. */
  readonly keep: (snapshot: AsyncIterable<Uint8Array>, options: { readonly signal: AbortSignal }) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** @param file - on the EPHEMERAL partition */
export function openRecoverySnapshot(file: string): RecoverySnapshot {
  return {
    file,
    keep: async (snapshot, { signal }) => {
      const temporary = `${file}.${process.hrtime.bigint()}`;
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      try {
        await pipeline(Readable.from(snapshot), createWriteStream(temporary, { mode: 0o600 }), { signal });
        await rename(temporary, file);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    remove: () => rm(file, { force: true }),
  };
}
