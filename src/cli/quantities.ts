const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "1h30m", "90s", "250ms" in milliseconds; undefined where it is none of these, or not longer than nothing. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * (units[unit ?? ""] ?? Number.NaN);
  }
  // Timers take no more than 2^31 − 1 milliseconds, which is 24 days.
  return totalMs > 0 && totalMs < 2 ** 31 ? Math.ceil(totalMs) : undefined;
}

/** "0.4 s", "12 s", "3 min 20 s", "1 h 5 min": as precise as a person wants it. */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** "812 B", "3.4 MB", "21 GB": decimal units, as on the label of a stick. */
export function formatBytes(bytes: number): string {
  const names = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < names.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${names[unit]}`;
}
