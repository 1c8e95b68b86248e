const HOUR_MS = 3_600_000;
const YEAR_MS = 8760 * HOUR_MS;

/**
 * How far before now a certificate begins that we issue for use against machines whose clocks we have not seen: a node that is
 * behind the laptop must not find it "not yet valid". Authorities begin now, as Talos makes them.
 */
export const BACKDATE_MS = HOUR_MS;

/** `count` years of 8760 hours, as Talos counts them, after `start`. */
export function years(start: Date, count: number): Date {
  return new Date(start.getTime() + count * YEAR_MS);
}

export function hours(start: Date, count: number): Date {
  return new Date(start.getTime() + count * HOUR_MS);
}

export function backdated(now: Date): Date {
  return new Date(now.getTime() - BACKDATE_MS);
}
