import { OperatorError } from "../lib/errors/index.ts";

export interface Interrupts {
  readonly signal: AbortSignal;
  readonly onInterrupt: (tell: () => string, say?: (line: string) => void) => void;
  readonly release: () => void;
}

/** The part of `process` that is needed. */
export interface Signalled {
  readonly on: (signal: NodeJS.Signals, listener: () => void) => unknown;
  readonly off: (signal: NodeJS.Signals, listener: () => void) => unknown;
}

/**
 * Turns Ctrl-C and termination into an aborted signal. The first says at once what is being stopped; the second leaves
 * without waiting.
 *
 * @param options.leave - ends the process with this code
 */
export function watchInterrupts(
  source: Signalled,
  options: { readonly say: (line: string) => void; readonly leave: (code: 130 | 143) => void },
): Interrupts {
  const controller = new AbortController();
  let tell = () => "";
  let say = options.say;
  const stop = (code: "INTERRUPTED" | "TERMINATED", exit: 130 | 143) => () => {
    if (controller.signal.aborted) return options.leave(exit);
    const what = tell();
    const by = code === "INTERRUPTED" ? "Ctrl-C" : "a termination signal";
    say(`Stopping${what === "" ? "" : `: ${what}`}. Ctrl-C again leaves at once.`);
    controller.abort(new OperatorError(code, `stopped by ${by}`, { retry: "same" }));
  };
  const listeners: readonly (readonly [NodeJS.Signals, () => void])[] = [
    ["SIGINT", stop("INTERRUPTED", 130)],
    ["SIGTERM", stop("TERMINATED", 143)],
    // The terminal was closed: nobody can press Ctrl-C any more.
    ["SIGHUP", stop("TERMINATED", 143)],
  ];
  for (const [name, listener] of listeners) source.on(name, listener);
  return {
    signal: controller.signal,
    onInterrupt: (words, speak = options.say) => {
      tell = words;
      say = speak;
    },
    release: () => {
      for (const [name, listener] of listeners) source.off(name, listener);
    },
  };
}
