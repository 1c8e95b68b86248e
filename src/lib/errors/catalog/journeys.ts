import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `journeys`. */
export const journeysErrors = {
  RUN_LOCKED: {
    exit: 8,
    doc: "Another run works on this site; the message names its holder, host, process, start and last heartbeat. Nothing was changed. A lock whose process is gone, or whose heartbeat is older than a minute, is taken over by itself, so there is nothing to delete by hand.",
  },
  RUN_LOCK_LOST: {
    exit: 8,
    doc: "This run's lock was taken over by another run, which happens when this laptop slept for longer than a minute. The run stopped at once so that two runs do not work on one site. What was finished stays finished; running the command again waits for nothing and goes on from there.",
  },
  PHASE_UNKNOWN: {
    exit: 2,
    doc: "The phase named with --until does not exist in this journey. The message lists the phases there are. Nothing was changed.",
  },
  CONDITION_FAILED: {
    exit: 7,
    doc: "Something that was waited for can no longer happen; the message holds the reason. What was finished stays finished; running the same command again goes on from there.",
  },
  CONDITION_TIMED_OUT: {
    exit: 4,
    doc: "Something that was waited for did not happen within its time; the message repeats the last reason seen. What was finished stays finished; running the same command again goes on from there.",
  },
  NODES_SET_ASIDE: {
    exit: 9,
    doc: "Everything was done except for the workers named in the message: they failed and were left out. Mend them and run the same command again; nodes that are done are not touched.",
  },
} as const satisfies CatalogPage;
