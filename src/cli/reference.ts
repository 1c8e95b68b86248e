import { commands } from "./commands.ts";
import { commonFlags, type FlagName, flagTable } from "./flags.ts";
import { flagUsage, usage } from "./help.ts";

/** `docs/reference/commands.md`, made from the table of commands. */
export function commandsReference(): string {
  const shown = commands.filter((command) => command.isHidden !== true);
  const sections = shown.map((command) => [
    `## skerry ${command.words.join(" ")}`,
    `\`skerry ${usage(command)} [flags]\``,
    [`${command.summary}.`, command.description].filter((text) => text !== undefined).join(" "),
    ["```sh", ...command.examples.map((each) => `${each.command}    # ${each.does}`), "```"].join("\n"),
    ...(command.arguments.length === 0
      ? []
      : [
          table(
            "argument",
            command.arguments.map((argument) => [`\`${argument.name}\``, argument.does]),
          ),
        ]),
    ...(command.flags.length === 0 ? [] : [flagRows(command.flags)]),
  ]);
  const head = [
    "# Commands",
    "Made from `src/cli/commands.ts`; `skerry COMMAND --help` says the same. Flags may stand before or after the command's words.",
    flagRows(commonFlags),
  ];
  return `${[head, ...sections].flat().join("\n\n")}\n`;
}

function flagRows(names: readonly FlagName[]): string {
  return table(
    "flag",
    names.map((name) => [`\`${flagUsage(flagTable[name]).trim()}\``, flagTable[name].does]),
  );
}

function table(head: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([left, right]) => `| ${left} | ${right.replaceAll("|", "\\|")} |`);
  return [`| ${head} | |`, "|---|---|", ...lines].join("\n");
}
