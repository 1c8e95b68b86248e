import type { Clock } from "../../lib/clock.ts";
import type { Phase } from "./types.ts";

const CLOSE_MS = 5000;

/**
 * Closes phases in reverse order. Each gets a fresh signal (the run's own may be aborted already) and five seconds; a
 * close that fails or hangs is told as a notice and does not stop the others.
 */
export async function closePhases<Context>(
  phases: readonly Phase<Context>[],
  context: Context,
  options: { readonly clock: Clock; readonly notice: (text: string, phase: string) => void },
): Promise<void> {
  for (const phase of [...phases].reverse()) {
    if (phase.close === undefined) continue;
    const limit = new AbortController();
    const done = new AbortController();
    const alarm = options.clock.sleep(CLOSE_MS, { signal: done.signal }).then(
      () => {
        const error = new Error(`closing took longer than ${CLOSE_MS / 1000} s`);
        limit.abort(error);
        throw error;
      },
      () => undefined,
    );
    try {
      await Promise.race([phase.close(context, { signal: limit.signal }), alarm]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.notice(`${phase.title}: could not be closed cleanly: ${reason}`, phase.id);
    } finally {
      done.abort();
      await alarm.catch(() => undefined);
    }
  }
}
