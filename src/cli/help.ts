import type { CommandSpec } from "./command.ts";
import { commonFlags, type FlagName, type FlagSpec, flagTable } from "./flags.ts";

const docs = "docs/reference/commands.md";

/** Help for the words given: the whole program, a group of commands, or one command. Examples first, docs last. */
export function renderHelp(words: readonly string[], commands: readonly CommandSpec[]): string {
  const shown = commands.filter((command) => command.isHidden !== true);
  const exact = shown.find((command) => command.words.join(" ") === words.join(" "));
  if (exact !== undefined) return commandHelp(exact);
  const group = shown.filter((command) => words.every((word, index) => command.words[index] === word));
  return words.length === 0 ? programHelp(shown) : groupHelp(words, group);
}

function programHelp(commands: readonly CommandSpec[]): string {
  return page([
    ["Skerry brings up Talos Linux Kubernetes where the internet cannot reach, and keeps it up to date."],
    [
      "Examples",
      ...columns([
        ["skerry init windpark-7", "write a site.yaml and a bundle.yaml to start from"],
        ["skerry bundle create", "collect everything the site will pull into one file"],
        ["skerry lab up demo", "start a rack of simulated machines"],
        ["skerry up --rack demo", "bring the cluster up on them"],
      ]),
    ],
    ["Commands", ...columns(commands.map((command) => [`skerry ${usage(command)}`, command.summary]))],
    ["Flags of every command", ...flagRows(commonFlags)],
    [`More: skerry COMMAND --help, and ${docs}`],
  ]);
}

function groupHelp(words: readonly string[], commands: readonly CommandSpec[]): string {
  return page([
    ["Examples", ...columns(commands.flatMap((command) => command.examples.map((each) => [each.command, each.does])))],
    ["Commands", ...columns(commands.map((command) => [`skerry ${usage(command)}`, command.summary]))],
    [`More: skerry ${words.join(" ")} COMMAND --help, and ${docs}`],
  ]);
}

function commandHelp(command: CommandSpec): string {
  return page([
    [`${command.summary}.`, ...(command.description === undefined ? [] : ["", ...wrap(command.description)])],
    ["Examples", ...columns(command.examples.map((each) => [each.command, each.does]))],
    [`Usage: skerry ${usage(command)} [flags]`],
    command.arguments.length === 0
      ? []
      : ["Arguments", ...columns(command.arguments.map((argument) => [argument.name, argument.does]))],
    command.flags.length === 0 ? [] : ["Flags", ...flagRows(command.flags)],
    ["Flags of every command", ...flagRows(commonFlags)],
    [`More: ${docs}#skerry-${command.words.join("-")}`],
  ]);
}

/** "nodes disks [NODE]" */
export function usage(command: CommandSpec): string {
  const named = command.arguments.map((argument) => {
    const name = argument.isRepeated === true ? `${argument.name}...` : argument.name;
    return argument.isRequired ? name : `[${name}]`;
  });
  return [...command.words, ...named].join(" ");
}

function flagRows(names: readonly FlagName[]): readonly string[] {
  const rows = names.map((name): readonly [string, string] => [flagUsage(flagTable[name]), flagTable[name].does]);
  return columns(names === commonFlags ? [...rows, ["-h, --help", "Show this help."]] : rows);
}

/** "-n, --dry-run", "    --site FILE" */
export function flagUsage(flag: FlagSpec): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`;
}

function page(sections: readonly (readonly string[])[]): string {
  return sections
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n");
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}   ${right}`.trimEnd());
}

function wrap(text: string, width = 100): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
