import type { Clock } from "../../../lib/clock.ts";
import { PullError } from "./pull-error.ts";

const PATIENCE_MS = 20 * 60_000;
const NOT_FOUND_ATTEMPTS = 5;

export interface PatientPull {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The log of the container runtime. */
  readonly log: (line: string) => void;
  /** The log of machined. */
  readonly machined: (line: string) => void;
  /** First pause between attempts; Talos: 5000. */
  readonly retryUnitMs: number;
}

/**
 * Pulls as Talos does in the background: again with growing pauses for 20 minutes, what is not found five times.
 *
 * @throws PullError of the last attempt
 */
export async function pullPatiently<Kept>(
  name: string,
  pull: () => Promise<Kept>,
  { clock, signal, log, machined, retryUnitMs }: PatientPull,
): Promise<Kept> {
  const since = clock.now().getTime();
  const reasons = new Set<string>();
  for (let attempt = 1, missing = 0; ; attempt += 1) {
    try {
      return await pull();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PullError)) throw error;
      missing += error.kind === "not-found" ? 1 : 0;
      log(`failed to pull image "${name}" (attempt ${attempt}): ${error.message}`);
      const said = `retrying error: failed to pull image ${JSON.stringify(name)}: ${error.message}`;
      // Talos tells each reason of a pull once.
      if (!reasons.has(said)) machined(said);
      reasons.add(said);
      if (missing >= NOT_FOUND_ATTEMPTS || clock.now().getTime() - since > PATIENCE_MS) throw error;
      await clock.sleep(Math.min(2 ** (attempt - 1), 12) * retryUnitMs, { signal });
    }
  }
}
