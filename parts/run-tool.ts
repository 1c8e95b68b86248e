import { execa } from "execa";
import { OperatorError } from "../src/lib/errors/index.ts";

export interface ToolOptions {
  readonly cwd?: string;
  /** Laid over this process' environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** How to get the tool, for the error that says that it is missing. */
  readonly howToGet: readonly string[];
  /** What could not be done, for the error: "kube-apiserver v1.36.3 could not be built". */
  readonly failure: string;
  readonly next: readonly string[];
  /** Told every line that the tool writes to its standard error. */
  readonly onLine?: (line: string) => void;
}

const shownLines = 12;
const maxOutputBytes = 4 << 20;

/**
 * Runs a tool to its end and returns its standard output (at most 4 MiB are kept).
 *
 * @throws OperatorError PARTS_TOOL_MISSING when there is no such program, PARTS_BUILD_FAILED with its last lines when it fails
 */
export async function runTool(program: string, parameters: readonly string[], options: ToolOptions): Promise<string> {
  const child = execa(program, parameters, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    cancelSignal: options.signal,
    // go ends its compilers on an interrupt and waits for them; on other signals they would outlive it.
    killSignal: "SIGINT",
    forceKillAfterDelay: 5000,
    stdin: "ignore",
    reject: false,
    maxBuffer: maxOutputBytes,
  });
  const lastLines: string[] = [];
  for await (const line of child.iterable({ from: "stderr" })) {
    options.onLine?.(line);
    lastLines.push(line);
    if (lastLines.length > shownLines) lastLines.shift();
  }
  const result = await child;
  options.signal.throwIfAborted();
  if (!result.failed) return result.stdout;
  if (result.code === "ENOENT") {
    throw new OperatorError("PARTS_TOOL_MISSING", `${program} is not on this machine`, { next: options.howToGet });
  }
  throw new OperatorError(
    "PARTS_BUILD_FAILED",
    `${options.failure}: ${[program, result.exitCode].join(" ended with ")}`,
    {
      problems: lastLines.map((message) => ({ message })),
      next: options.next,
      retry: "same",
      cause: result,
    },
  );
}
