import { systemClock } from "../lib/clock.ts";
import { type ExitCode, isOperatorError, OperatorError, redactSecrets } from "../lib/errors/index.ts";
import type { Call, CommandSpec, Outcome } from "./command.ts";
import { enterRackOfSite } from "./enter-rack.ts";
import { exitCodeOf } from "./exit-code.ts";
import { watchInterrupts } from "./interrupts.ts";
import { parseCall } from "./parse.ts";
import { openTerminal } from "./terminal.ts";
import { renderError } from "./views/error.ts";

/** Version of every JSON document that Skerry prints. */
const API_VERSION = "skerry.dev/v1alpha1";

/** Builds the real world around a command, runs it, and prints how it ended. */
export async function runCommand(
  command: CommandSpec,
  rest: readonly string[],
  argv: readonly string[],
): Promise<ExitCode> {
  const { args, flags } = parseCall(command, rest);
  const terminal = openTerminal(process, process.env, flags);
  const interrupts = watchInterrupts(process, {
    say: (line) => terminal.stderr.write(`${line}\n`),
    leave: (code) => process.exit(code),
  });
  const limit = startTimeout(flags.timeoutMs);
  const call: Call = {
    args,
    flags,
    terminal,
    clock: systemClock,
    random: Math.random,
    environment: process.env,
    workingFolder: process.cwd(),
    signal: AbortSignal.any([interrupts.signal, limit.signal]),
    onInterrupt: interrupts.onInterrupt,
    self: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    typed: ["skerry", ...argv].map(quote).join(" "),
  };
  try {
    return print(call, await attempt(command, call, argv));
  } finally {
    limit.clear();
    interrupts.release();
  }
}

async function attempt(command: CommandSpec, call: Call, argv: readonly string[]): Promise<Outcome> {
  try {
    if (command.reachesNodes === true) await enterRackOfSite(call, argv, command);
    return await (await command.load())(call);
  } catch (error) {
    // What fails after a stop fails because of it.
    const reason: unknown = call.signal.aborted ? call.signal.reason : error;
    return { exit: exitCodeOf(reason), error: reason };
  }
}

function print(call: Call, outcome: Outcome): ExitCode {
  const { stdout, stderr } = call.terminal;
  const { flags } = call;
  if (outcome.error !== undefined) {
    const { error, epilogue, logFile } = outcome;
    const text = renderError(error, { colors: stderr.colors, debug: flags.debug, epilogue, logFile });
    stderr.write(`${outcome.text === undefined || flags.json || flags.events ? "" : "\n"}${text}\n`);
  }
  if (flags.json) stdout.write(`${redactSecrets(JSON.stringify(documentOf(outcome), undefined, 2))}\n`);
  else if (outcome.text !== undefined && !flags.events) stdout.write(`${redactSecrets(outcome.text)}\n`);
  return outcome.exit;
}

function documentOf(outcome: Outcome): object {
  const { document, error } = outcome;
  return {
    apiVersion: API_VERSION,
    kind: document?.kind ?? "Failure",
    exitCode: outcome.exit,
    ...document?.data,
    ...(error === undefined ? {} : { error: plainError(error) }),
  };
}

function plainError(error: unknown): object {
  if (!isOperatorError(error)) return { code: "BUG", message: error instanceof Error ? error.message : String(error) };
  const { code, message, where, next, retry, problems } = error;
  return { code, message, where, next, retry, problems };
}

/** For errors from before a command was known: its flags are not parsed yet, so they are only looked for. */
export function printError(error: unknown, argv: readonly string[]): ExitCode {
  const has = (...names: readonly string[]) => names.some((name) => argv.includes(name));
  const terminal = openTerminal(process, process.env, { color: !has("--no-color"), input: false });
  const text = renderError(error, { colors: terminal.stderr.colors, debug: has("-d", "--debug") });
  terminal.stderr.write(`${text}\n`);
  const exit = exitCodeOf(error);
  if (has("--json")) terminal.stdout.write(`${JSON.stringify(documentOf({ exit, error }), undefined, 2)}\n`);
  return exit;
}

function startTimeout(ms: number | undefined): { readonly signal: AbortSignal; readonly clear: () => void } {
  const controller = new AbortController();
  if (ms === undefined) return { signal: controller.signal, clear: () => undefined };
  const timer = setTimeout(() => {
    const message = `the command did not end within the ${ms / 1000} s that --timeout allows`;
    controller.abort(new OperatorError("DEADLINE_EXCEEDED", message, { retry: "same" }));
  }, ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

function quote(word: string): string {
  return /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
