import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { OperatorError } from "../lib/errors/index.ts";
import type { CommandSpec } from "./command.ts";
import { commonFlags, type FlagName, type FlagSpec, type Flags, flagTable } from "./flags.ts";
import { parseDurationMs } from "./quantities.ts";

/**
 * Parses the flags and arguments of one command.
 *
 * @throws OperatorError USAGE_INVALID: unknown or unsuitable flags, wrong values, missing or excess arguments
 */
export function parseCall(
  command: CommandSpec,
  rest: readonly string[],
): { readonly args: readonly string[]; readonly flags: Flags } {
  if (command.isHidden === true) return { args: rest, flags: toFlags({}) };
  const parser = parserOf(command);
  try {
    parser.parse([...rest], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw usageError(command, error);
  }
  const flags = toFlags(parser.opts());
  if (flags.json && flags.events) {
    throw invalid(command, "--json and --events cannot be used together: both want stdout");
  }
  return { args: parser.args, flags };
}

function parserOf(command: CommandSpec): Command {
  const parser = new Command(command.words.join(" "))
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .helpOption(false)
    .allowExcessArguments(false);
  for (const argument of command.arguments) {
    const name = argument.isRepeated === true ? `${argument.name}...` : argument.name;
    parser.argument(argument.isRequired ? `<${name}>` : `[${name}]`);
  }
  for (const name of flagsOf(command)) parser.addOption(optionOf(flagTable[name]));
  return parser.action(() => undefined);
}

/** Names of all flags a command takes. */
export function flagsOf(command: CommandSpec): readonly FlagName[] {
  return [...command.flags, ...commonFlags];
}

function optionOf(flag: FlagSpec): Option {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.value === undefined ? "" : ` <${flag.value}>`;
  const option = new Option(`${short}--${flag.name}${value}`);
  if (flag.isRepeatable === true) option.argParser((one: string, all: readonly string[] = []) => [...all, one]);
  if (flag.name === "timeout" || flag.name === "ready-timeout") option.argParser(durationOf);
  if (flag.name === "concurrency" || flag.name === "runs") option.argParser(countOf);
  if (flag.name === "seed") option.argParser(seedOf);
  return option;
}

function durationOf(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError("give a duration such as 90s, 45m or 1h30m");
  return ms;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw new InvalidArgumentError("give a number from 1 to 1000");
  return count;
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > 2 ** 31) throw new InvalidArgumentError("give a whole number from 0 to 2147483648");
  return seed;
}

type Parsed = Partial<Omit<Flags, "timeoutMs" | "readyTimeoutMs">> & {
  readonly timeout?: number;
  readonly readyTimeout?: number;
};

function toFlags(parsed: Parsed): Flags {
  const { timeout, readyTimeout, ...given } = parsed;
  return {
    dryRun: false,
    yes: false,
    quiet: false,
    verbose: false,
    debug: false,
    json: false,
    events: false,
    input: true,
    color: true,
    secrets: false,
    all: false,
    clear: false,
    kubernetes: true,
    key: [],
    fault: [],
    registryOverride: [],
    set: [],
    skipSbom: false,
    update: false,
    setValues: [],
    values: [],
    connected: false,
    takeOwnership: false,
    forceConflicts: false,
    allowUnsigned: false,
    prune: true,
    ...given,
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(readyTimeout === undefined ? {} : { readyTimeoutMs: readyTimeout }),
  };
}

function usageError(command: CommandSpec, error: CommanderError): OperatorError {
  // The words of commander are shown, never looked into: "error: unknown option '--sit'\n(Did you mean --site?)".
  const [first = "", ...more] = error.message.split("\n");
  const hint = more
    .join(" ")
    .trim()
    .replace(/^\(|\)$/g, "");
  return invalid(command, first.replace(/^error: /, ""), hint === "" ? [] : [hint]);
}

function invalid(command: CommandSpec, message: string, hints: readonly string[] = []): OperatorError {
  const name = ["skerry", ...command.words].join(" ");
  return new OperatorError("USAGE_INVALID", `${name}: ${message}`, {
    next: [...hints, `${name} --help   shows what it takes`],
  });
}
