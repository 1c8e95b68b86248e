import type { Clock } from "../../lib/clock.ts";

/** The clock of a machine that is off: it runs as fast, but tells another time. @param offsetMs - asked each time; negative: behind */
export function skewedClock(clock: Clock, offsetMs: () => number): Clock {
  return { ...clock, now: () => new Date(clock.now().getTime() + offsetMs()) };
}
