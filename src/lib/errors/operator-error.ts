import type { ErrorCode } from "./catalog.ts";

/** Where a failure belongs; every field is optional because not every failure has it. */
export interface ErrorPlace {
  readonly node?: string;
  readonly phase?: string;
  readonly step?: string;
  /** `Kind/namespace/name` */
  readonly object?: string;
  /** `path:line:column` */
  readonly file?: string;
}

/** Whether the same command may help again: never, same (as it is), later (once the world has changed). */
export type RetryAdvice = "never" | "same" | "later";

export interface OperatorErrorOptions {
  readonly where?: ErrorPlace;
  /** One or more things to do now, as commands where possible. */
  readonly next?: readonly string[];
  /** default: "never" */
  readonly retry?: RetryAdvice;
  readonly cause?: unknown;
  /** Every problem found in one go (each with its own place), when there are several. */
  readonly problems?: readonly Problem[];
}

/** One of several findings reported together (config errors, preflight checks). */
export interface Problem {
  readonly message: string;
  readonly where?: ErrorPlace;
}

/** A failure that a person can act on. Bugs in us are plain `Error`s. */
export class OperatorError extends Error {
  readonly code: ErrorCode;
  readonly where: ErrorPlace;
  readonly next: readonly string[];
  readonly retry: RetryAdvice;
  readonly problems: readonly Problem[];

  /**
   * @param code - permanent name from the catalog
   * @param message - what failed, one sentence, from the operator's side, without secrets
   */
  constructor(code: ErrorCode, message: string, options: OperatorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "OperatorError";
    this.code = code;
    this.where = options.where ?? {};
    this.next = options.next ?? [];
    this.retry = options.retry ?? "never";
    this.problems = options.problems ?? [];
  }
}

/** Whether `error` is an operator error, of this code where one is given. */
export function isOperatorError(error: unknown, code?: ErrorCode): error is OperatorError {
  return error instanceof OperatorError && (code === undefined || error.code === code);
}
