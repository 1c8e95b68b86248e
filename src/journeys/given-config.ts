import type { DiskFacts } from "../site/index.ts";

/** A machine as it was when a run gave it its config. */
export interface GivenConfig {
  /** New with every boot into maintenance. */
  readonly fingerprint: string;
  /** What the firmware says of itself; empty where it says nothing. */
  readonly uuid: string;
  readonly serial: string;
  /** The disk that its selector means, which is erased. */
  readonly disk: DiskFacts | undefined;
  /** In how many boots it was given its config by this run. */
  readonly times: number;
}
