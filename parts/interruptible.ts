import { errorCatalog, isOperatorError, OperatorError } from "../src/lib/errors/index.ts";

/**
 * Runs a script of this folder: the first Ctrl-C aborts its signal, a second one ends it at once, and an error that a
 * person can act on becomes lines on standard error and its exit code.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (code: "INTERRUPTED" | "TERMINATED") => (): void => {
    if (controller.signal.aborted) process.exit(errorCatalog[code].exit);
    process.stderr.write("\nstopping; once more to stop at once\n");
    controller.abort(new OperatorError(code, "stopped; what is finished is kept", { retry: "same" }));
  };
  process.on("SIGINT", stop("INTERRUPTED"));
  process.on("SIGTERM", stop("TERMINATED"));
  try {
    await work(controller.signal);
  } catch (error) {
    if (!isOperatorError(error)) throw error;
    process.stderr.write(errorText(error));
    process.exitCode = errorCatalog[error.code].exit;
  }
}

function errorText(error: OperatorError): string {
  const problems = error.problems.map((problem) => `    ${problem.message}\n`).join("");
  const next = error.next.map((line) => `  next  ${line}\n`).join("");
  return `\n✗ ${error.message}\n  ${error.code}\n${problems}${next}`;
}
