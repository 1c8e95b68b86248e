import { eventLine, type PartsEvent, type Report, runningLine } from "./report.ts";

const tickMs = { terminal: 1000, plain: 15_000 } as const;

/** A detail ("downloading …") is true for a moment only; Go compiles for minutes without a word. */
const detailFreshMs = 10_000;

/**
 * Writes events as lines. On a terminal the running line is drawn again every second; elsewhere it is repeated every
 * 15 seconds, so that a log shows life without filling up.
 *
 * @returns the report to hand to `ensureParts`, and `stop`, which ends the ticking
 */
export function progressView(stream: NodeJS.WriteStream): { readonly report: Report; readonly stop: () => void } {
  const terminal = stream.isTTY;
  let running: { readonly event: Extract<PartsEvent, { readonly kind: "started" }>; readonly atMs: number } | undefined;
  let detail: { readonly text: string; readonly atMs: number } | undefined;

  const draw = (): void => {
    if (running === undefined) return;
    const fresh = detail !== undefined && performance.now() - detail.atMs < detailFreshMs ? detail.text : undefined;
    const line = runningLine(running.event, performance.now() - running.atMs, fresh);
    stream.write(terminal ? `\r\u001b[2K${line.slice(0, Math.max(20, stream.columns - 1))}` : `${line}\n`);
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearInterval(timer);

  const report: Report = (event) => {
    if (event.kind === "detail") {
      detail = { text: event.detail, atMs: performance.now() };
      return;
    }
    if (event.kind === "started") {
      running = { event, atMs: performance.now() };
      detail = undefined;
      stop();
      timer = setInterval(draw, terminal ? tickMs.terminal : tickMs.plain).unref();
    }
    const line = eventLine(event, running === undefined ? 0 : performance.now() - running.atMs);
    if (event.kind === "finished" || event.kind === "failed") running = undefined;
    if (terminal) stream.write("\r\u001b[2K");
    if (line !== undefined) stream.write(terminal && running !== undefined ? line : `${line}\n`);
  };
  return { report, stop };
}
