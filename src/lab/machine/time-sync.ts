import type { Clock } from "../../lib/clock.ts";
import type { AppliedConfig } from "../interior.ts";
import { asRecord, textsOf } from "./values.ts";

/** What a config says about time. */
export interface TimeSettings {
  readonly disabled: boolean;
  readonly servers: readonly string[];
  /** 0: wait for ever. */
  readonly bootTimeoutMs: number;
}

/** Talos' own server where a config names none: out of reach of every site without internet. */
const DEFAULT_SERVERS = ["time.cloudflare.com"];

/** From the TimeSyncConfig document, else from machine.time. */
export function timeSettingsOf(config: AppliedConfig): TimeSettings {
  const document = config.documents.find(({ kind }) => kind === "TimeSyncConfig");
  const legacy = asRecord(asRecord(config.v1alpha1["machine"])["time"]);
  const ntp = asRecord(document?.["ntp"]);
  const servers = document === undefined ? textsOf(legacy["servers"]) : textsOf(ntp["servers"]);
  const timeout = document === undefined ? legacy["bootTimeout"] : document["bootTimeout"];
  return {
    disabled: document === undefined ? legacy["disabled"] === true : document["enabled"] === false,
    servers: servers.length > 0 ? servers : DEFAULT_SERVERS,
    bootTimeoutMs: goDurationMs(timeout),
  };
}

/**
 * Resolves once the boot may take its time for right: at once where sync is off or a server answers, after a finite
 * bootTimeout otherwise, and never where there is none. Rejects only when the signal aborts.
 */
export async function waitForTime(
  settings: TimeSettings,
  answering: readonly string[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  if (settings.disabled || settings.servers.some((server) => answering.includes(server))) return;
  if (settings.bootTimeoutMs > 0) return clock.sleep(settings.bootTimeoutMs, { signal });
  await new Promise<never>((_resolve, reject) => {
    const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error("stopped"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `1h2m3.5s` in milliseconds; 0 for anything else. */
export function goDurationMs(text: unknown): number {
  if (typeof text !== "string") return 0;
  let total = 0;
  for (const { groups } of text.matchAll(/(?<value>\d+(?:\.\d+)?)(?<unit>ms|h|m|s)/g))
    total += Number(groups?.["value"]) * (UNITS_MS[groups?.["unit"] ?? ""] ?? 0);
  return total;
}

/** `5s`, `1m0s`, as Go prints a duration of whole seconds. */
export function goDurationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60];
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
