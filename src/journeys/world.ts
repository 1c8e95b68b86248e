import type { Clock } from "../lib/clock.ts";
import type { JourneyPorts } from "./ports.ts";

/** What the command line hands to every journey: resolved paths and real things. */
export interface JourneyWorld {
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter and run ids; keys never come from it. */
  readonly random: () => number;
  /** For the opening itself; phases get theirs from the engine. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
  /** How this program is started, for what stands in for `./zarf`; absent: nothing of ours does. */
  readonly self?: readonly string[];
  /** `$XDG_CACHE_HOME/skerry` */
  readonly cacheDir: string;
  /** Nodes worked on at once. Default 8. */
  readonly concurrency: number;
  /** With the key that opens secrets of packages that are encrypted with age. */
  readonly identityFile?: string;
  /** What is reached and kept; default the real nodes, cluster and files. A rehearsal gives others. */
  readonly ports?: JourneyPorts;
}
