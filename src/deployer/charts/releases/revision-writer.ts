import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import type { ReleaseHook } from "../engine/index.ts";
import type { Revision } from "./history.ts";
import type { RecordStore } from "./record-store.ts";
import type { ReleaseRecord } from "./release-record.ts";
import type { ReleaseStatus } from "./types.ts";

const afterwardsMs = 10_000;

/** The revision that a deployment writes, from its first word to its last. */
export interface RevisionWriter {
  readonly release: () => ReleaseRecord;
  /** Says of one hook how its run goes. */
  readonly setHook: (hook: ReleaseHook, run: ReleaseHook["last_run"]) => Promise<void>;
  readonly finish: (status: ReleaseStatus, description: string) => Promise<void>;
  /** As `finish`, but also after the signal has aborted, and without a failure of its own: another one is under way. */
  readonly fail: (description: string) => Promise<void>;
}

export async function openRevision(
  release: ReleaseRecord,
  options: {
    readonly store: RecordStore;
    readonly labels: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<RevisionWriter> {
  const { store, signal } = options;
  return writerOf(await store.create(release, options.labels, { signal }), release, options);
}

/** A writer of a revision that is there already. */
export function writerOf(
  opened: Revision,
  release: ReleaseRecord,
  { store, signal }: { readonly store: RecordStore; readonly signal: AbortSignal },
): RevisionWriter {
  let revision = opened;
  let now = release;
  const write = async (next: ReleaseRecord, call: { readonly signal: AbortSignal }) => {
    now = next;
    revision = await store.update(revision, next, call);
  };
  const end = (status: ReleaseStatus, description: string): ReleaseRecord => ({
    ...now,
    info: { ...now.info, status, description },
  });
  return {
    release: () => now,
    setHook: (hook, run) =>
      write(
        {
          ...now,
          hooks: (now.hooks ?? []).map((one) => (isSameHook(one, hook) ? ran(one, run) : one)),
        },
        { signal },
      ),
    finish: (status, description) => write(end(status, description), { signal }),
    fail: async (description) => {
      try {
        await write(end("failed", description), { signal: AbortSignal.timeout(afterwardsMs) });
      } catch (error) {
        // A record that stays "pending" is healed by the next run; what stopped this one is what the operator must see.
        if (!isOperatorError(error) && !(error instanceof DOMException)) throw error;
      }
    },
  };
}

/** A hook that has run says by which policy, as Helm's does. */
const ran = (hook: ReleaseHook, run: ReleaseHook["last_run"]): ReleaseHook => ({
  ...hook,
  last_run: run,
  ...((hook.delete_policies ?? []).length > 0 ? {} : { delete_policies: ["before-hook-creation"] }),
});

const isSameHook = (a: ReleaseHook, b: ReleaseHook): boolean =>
  a.path === b.path && a.kind === b.kind && a.name === b.name && a.manifest === b.manifest;

export const timestamp = (clock: Clock): string => clock.now().toISOString();
