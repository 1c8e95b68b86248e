import { type ErrorPlace, isOperatorError, OperatorError, type Problem } from "../../lib/errors/index.ts";
import type { ErrorReport } from "./types.ts";

/** An error as plain data, for events, records and `--json`. What is no operator error is a bug in us and says so. */
export function reportError(error: unknown): ErrorReport {
  if (isOperatorError(error)) {
    const { code, message, where, next, problems } = error;
    return { code, message, where, next, problems };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "BUG", message, where: {}, next: [], problems: [] };
}

/** The same error with its place filled in where it did not say; anything but an operator error is passed as it is. */
export function placeError(error: unknown, place: ErrorPlace): unknown {
  if (!isOperatorError(error)) return error;
  const { code, message, next, retry, problems } = error;
  return new OperatorError(code, message, {
    where: { ...place, ...error.where },
    next,
    retry,
    problems,
    // The copy keeps what was underneath, and its stack is the one that helps.
    cause: error.cause ?? error,
  });
}

/**
 * One error for several that happened side by side: the first, with the others as problems, and with everybody's advice.
 * A bug among them wins, since it must not hide behind an expected failure.
 *
 * @param errors - at least one
 */
export function joinErrors(errors: readonly unknown[]): unknown {
  const bug = errors.find((error) => !isOperatorError(error));
  if (bug !== undefined || errors.length === 1) return bug ?? errors[0];
  const all = errors.filter((error) => isOperatorError(error));
  const first = all[0];
  if (first === undefined) return new Error("joinErrors() was given nothing to join");
  return new OperatorError(first.code, `${first.message} (and ${all.length - 1} more)`, {
    where: first.where,
    next: [...new Set(all.flatMap((error) => error.next))],
    retry: all.some((error) => error.retry === "never") ? "never" : first.retry,
    problems: all.flatMap((error): readonly Problem[] =>
      error.problems.length > 0 ? error.problems : [{ message: error.message, where: error.where }],
    ),
    cause: first.cause ?? first,
  });
}
