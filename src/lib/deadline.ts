import { OperatorError } from "./errors/index.ts";

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds or when the caller's own signal does, whichever is first.
 * A deadline aborts with DEADLINE_EXCEEDED and an interrupt with its own reason, so the two never look alike.
 *
 * @param options.what - the thing waited for, for the message: "answer of cp-1"
 */
export async function withDeadline<T>(
  ms: number,
  options: { readonly signal: AbortSignal; readonly what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new OperatorError("DEADLINE_EXCEEDED", `${options.what}: nothing within ${ms / 1000} s`, { retry: "same" }),
    );
  }, ms);
  try {
    return await work(AbortSignal.any([options.signal, controller.signal]));
  } finally {
    clearTimeout(timer);
  }
}
