import { type ErrorCode, type ExitCode, errorCatalog, isOperatorError } from "../lib/errors/index.ts";

/** The exit code of an error: the catalog's; 1 for what is a bug in us. */
export function exitCodeOf(error: unknown): ExitCode {
  return isOperatorError(error) ? exitCodeOfCode(error.code) : 1;
}

/** As exitCodeOf, for an error that has become a report. */
export function exitCodeOfCode(code: ErrorCode | "BUG"): ExitCode {
  return code === "BUG" ? 1 : errorCatalog[code].exit;
}
