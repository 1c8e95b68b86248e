import type { NetworkFault } from "../faults.ts";
import type { Machine } from "../machine/types.ts";

/** A rack that runs, inside its supervisor; what both interiors have in common. */
export interface OpenRack {
  /** By name, in the order of the site. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** The process with which all of it ends. */
  readonly pid: number;
  /** Of all of it, in bytes. */
  readonly memoryBytes: () => number;
  /** Of one machine; absent where machines have none of their own. */
  readonly memoryOf?: (machine: string) => number;
  /** Absent where machines are on loopback, whose network cannot be broken. */
  readonly network?: {
    readonly faults: () => readonly NetworkFault[];
    readonly set: (faults: readonly NetworkFault[]) => Promise<void>;
    readonly virtualIpOn: () => string | undefined;
  };
  /** Ends all that it started. */
  readonly close: () => Promise<void>;
}
