import type { CommandSpec } from "../../../src/cli/command.ts";
import { commands } from "../../../src/cli/commands.ts";
import { commonFlags, type FlagName, type FlagSpec, flagTable } from "../../../src/cli/flags.ts";
import { flagUsage, usage } from "../../../src/cli/help.ts";
import { commandExitCodes, commonExitCodes } from "./command-exit-codes.ts";
import { exitCodes } from "./exit-codes.ts";
import { code, codeBlock, page, table } from "./markdown.ts";

/** commands.md: every command that is shown in help. */
export function commandsPage(all: readonly CommandSpec[] = commands): string {
  const shown = all.filter((command) => command.isHidden !== true);
  return page("Commands", "src/cli/commands.ts and src/cli/flags.ts", [
    table(
      ["command", "what it does"],
      shown.map((command) => [`[${code(`skerry ${usage(command)}`)}](#${anchor(command)})`, command.summary]),
    ),
    "## Flags of every command",
    flags(commonFlags),
    "`skerry --help`, `skerry COMMAND --help` and `skerry --version` need nothing else.",
    "## What goes where",
    "Results go to stdout; progress, questions and errors go to stderr. With `--json` stdout is one JSON document at the end: `apiVersion`, `kind`, `exitCode`, what the command found, and `error` where it failed. With `--events` stdout is one JSON line per event ([events](events.md)). The two do not go together.",
    `Every command can end with ${exits(commonExitCodes)}. What each [exit code](errors.md#exit-codes) means is the same everywhere; those below are the others that the command can end with.`,
    ...shown.map(section),
  ]);
}

function section(command: CommandSpec): string {
  const name = command.words.join(" ");
  return [
    `## skerry ${name}`,
    `${command.summary}.${command.description === undefined ? "" : ` ${command.description}`}`,
    codeBlock("sh", [`skerry ${usage(command)}${command.flags.length === 0 ? "" : " [flags]"}`]),
    table(
      ["argument", "needed", "what it is"],
      command.arguments.map(({ name: argument, isRequired, does }) => [
        code(argument),
        isRequired ? "yes" : "no",
        does,
      ]),
    ),
    flags(command.flags),
    command.examples.length === 0
      ? ""
      : codeBlock(
          "sh",
          command.examples.map((example) => `${example.command}   # ${example.does}`),
        ),
    exitLines(commandExitCodes[name]),
  ]
    .filter((block) => block !== "")
    .join("\n\n");
}

/** The heading's anchor, which `--help` names too. */
function anchor(command: CommandSpec): string {
  return `skerry-${command.words.join("-")}`;
}

function flags(names: readonly FlagName[]): string {
  return table(
    ["flag", "what it does"],
    names.map((name) => {
      const flag: FlagSpec = flagTable[name];
      return [code(flagUsage(flag).trim()), flag.does];
    }),
  );
}

function exitLines(codes: readonly (keyof typeof exitCodes)[] | undefined): string {
  if (codes === undefined) throw new Error("a command has no exit codes in command-exit-codes.ts");
  return codes.length === 0 ? "" : `Exit codes: ${exits(codes)}.`;
}

/** "3 (an invalid file …)" in short: the first clause of each meaning. */
function exits(codes: readonly (keyof typeof exitCodes)[]): string {
  return codes.map((each) => `${code(String(each))} ${short(exitCodes[each])}`).join("; ");
}

function short(meaning: string): string {
  const [first = ""] = meaning.split(/[.:;(]/);
  return lowerFirst(first.trim());
}

/** "A bug in Skerry" within a sentence. */
function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}
