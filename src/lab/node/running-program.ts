/** A real program of a machine that goes on until it is ended. */
export interface RunningProgram {
  readonly pid: number;
  readonly running: () => boolean;
  /** Resolves with a sentence when the process has ended, however it did. */
  readonly ended: Promise<string>;
  /** The last line of its output, "" where it said nothing. */
  readonly lastLine: () => string;
  /** `power-loss` kills at once; `shutdown` asks first and kills after 5 s. Safe to repeat. */
  readonly end: (how: "shutdown" | "power-loss") => Promise<void>;
}
