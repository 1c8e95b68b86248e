// Not by the room's index: that would load the paragraph of every error before a help text.
import { OperatorError } from "../lib/errors/operator-error.ts";
import { didYouMean } from "../lib/yaml/did-you-mean.ts";
import type { CommandSpec } from "./command.ts";
import { type FlagSpec, flagTable } from "./flags.ts";

/** What a command line asks for, before its flags are parsed. */
export type Route =
  | { readonly kind: "help"; readonly words: readonly string[] }
  | { readonly kind: "command"; readonly command: CommandSpec; readonly rest: readonly string[] };

/**
 * Finds the command in a command line. Flags may stand before, between and after its words; they come out in `rest`,
 * in their order, for the parser.
 *
 * @throws OperatorError USAGE_UNKNOWN_COMMAND with what was probably meant
 */
export function route(argv: readonly string[], commands: readonly CommandSpec[]): Route {
  const { words, rest, stray } = splitWords(argv, commands);
  const wantsHelp = isHelpWanted(rest);
  if (words.length === 0 && argv.length === 1 && argv[0] === "--version") {
    return route(["version"], commands);
  }
  const command = commands.find((each) => each.words.length === words.length && startsWith(each.words, words));
  if (command !== undefined && (!wantsHelp || command.isHidden === true)) return { kind: "command", command, rest };
  const isShown = commands.some((each) => each.isHidden !== true && startsWith(each.words, words));
  // A group of hidden commands alone is none.
  if (command === undefined && !isShown) throw unknownCommand([], words[0] ?? "", commands);
  if (command === undefined && stray !== undefined && !wantsHelp) throw unknownCommand(words, stray, commands);
  return { kind: "help", words };
}

interface Split {
  readonly words: readonly string[];
  readonly rest: readonly string[];
  /** The first word that belongs to no command. */
  readonly stray: string | undefined;
}

function splitWords(argv: readonly string[], commands: readonly CommandSpec[]): Split {
  let words: readonly string[] = [];
  const rest: string[] = [];
  // "skerry help up" is "skerry up --help".
  const queue = argv[0] === "help" ? [...argv.slice(1), "--help"] : [...argv];
  for (let token = queue.shift(); token !== undefined; token = queue.shift()) {
    if (commands.some((command) => command.words.length === words.length && startsWith(command.words, words))) {
      return { words, rest: [...rest, token, ...queue], stray: undefined };
    }
    if (token === "--") return { words, rest: [...rest, token, ...queue], stray: undefined };
    if (token.startsWith("-")) {
      rest.push(token);
      const value = takesValue(token) ? queue.shift() : undefined;
      if (value !== undefined) rest.push(value);
      continue;
    }
    const next: readonly string[] = [...words, token];
    if (!commands.some((command) => startsWith(command.words, next))) {
      return { words, rest: [...rest, token, ...queue], stray: token };
    }
    words = next;
  }
  return { words, rest, stray: undefined };
}

function startsWith(words: readonly string[], head: readonly string[]): boolean {
  return head.every((word, index) => words[index] === word);
}

function takesValue(token: string): boolean {
  const flag = Object.values<FlagSpec>(flagTable).find((each) => `--${each.name}` === token);
  return flag?.value !== undefined;
}

function isHelpWanted(rest: readonly string[]): boolean {
  const end = rest.indexOf("--");
  return rest.slice(0, end === -1 ? rest.length : end).some((token) => token === "-h" || token === "--help");
}

function unknownCommand(words: readonly string[], stray: string, commands: readonly CommandSpec[]): OperatorError {
  const known = commands
    .filter((command) => command.isHidden !== true && startsWith(command.words, words))
    .map((command) => command.words[words.length] ?? "");
  const meant = didYouMean(stray, known);
  const wrong = ["skerry", ...words, stray].join(" ");
  const group = ["skerry", ...words].join(" ");
  return new OperatorError("USAGE_UNKNOWN_COMMAND", `there is no command "${wrong}"`, {
    next: [
      ...(meant === undefined ? [] : [`${group} ${meant}   is probably what you meant`]),
      `${group} --help   lists the commands there are`,
    ],
  });
}
