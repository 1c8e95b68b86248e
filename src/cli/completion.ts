import type { CommandSpec } from "./command.ts";
import { type FlagSpec, flagTable } from "./flags.ts";
import { flagsOf } from "./parse.ts";

export const shells = ["bash", "zsh", "fish"] as const;

/** A completion script, made from the table of commands. It completes words, flags, and files where a flag or argument wants one. */
export function renderCompletion(shell: (typeof shells)[number], all: readonly CommandSpec[]): string {
  const commands = all.filter((command) => command.isHidden !== true);
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
    default:
      return shell satisfies never;
  }
}

/** What may follow the words typed so far: "" → init bundle …; "bundle" → create verify inspect. */
function wordTable(commands: readonly CommandSpec[]): ReadonlyMap<string, readonly string[]> {
  const table = new Map<string, string[]>();
  for (const { words } of commands) {
    words.forEach((word, index) => {
      const head = words.slice(0, index).join(" ");
      const known = table.get(head) ?? [];
      if (!known.includes(word)) known.push(word);
      table.set(head, known);
    });
  }
  return table;
}

function flagSpecs(command: CommandSpec): readonly FlagSpec[] {
  return flagsOf(command).map((name) => flagTable[name]);
}

function longFlags(command: CommandSpec): string {
  return [...flagSpecs(command).map((flag) => `--${flag.name}`), "--help"].join(" ");
}

/** Flags whose value is a file or folder, and those with another value. */
function valueFlags(): {
  readonly file: readonly string[];
  readonly folder: readonly string[];
  readonly other: readonly string[];
} {
  const all = Object.values<FlagSpec>(flagTable).filter((flag) => flag.value !== undefined);
  const names = (completes: FlagSpec["completes"]) =>
    all.filter((flag) => flag.completes === completes).map((flag) => `--${flag.name}`);
  return { file: names("file"), folder: names("folder"), other: names(undefined) };
}

function bash(commands: readonly CommandSpec[]): string {
  const words = [...wordTable(commands)].map(([head, next]) => `    "${head}") words="${next.join(" ")}" ;;`);
  const flags = commands.map((command) => `    "${command.words.join(" ")}") flags="${longFlags(command)}" ;;`);
  const { file, folder, other } = valueFlags();
  return `# bash completion for skerry; load it with: source <(skerry completion bash)
_skerry() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path="" words="" flags="" i
  case $previous in
    ${file.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${folder.join("|")}) COMPREPLY=($(compgen -d -- "$current")); return ;;
    ${other.join("|")}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${[...file, ...folder, ...other].join("|")}) ((i++)) ;;
      -*) ;;
      *) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case $path in
${words.join("\n")}
  esac
  # An argument may follow the words of a command: flags go by the words alone.
  case $path in
${flags.map((line) => line.replace(/^ {4}"([^"]*)"\)/, '    "$1"|"$1 "*)')).join("\n")}
  esac
  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$current"));
  elif [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$current"));
  else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _skerry skerry`;
}

function zsh(commands: readonly CommandSpec[]): string {
  const quoted = (text: string) => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const summaryOf = (words: string) => commands.find((command) => command.words.join(" ") === words)?.summary ?? "";
  const words = [...wordTable(commands)].map(([head, next]) => {
    const rows = next.map((word) => `'${word}:${quoted(summaryOf(head === "" ? word : `${head} ${word}`))}'`);
    return `    '${head}') words=(${rows.join(" ")}) ;;`;
  });
  const flags = commands.map((command) => {
    const rows = flagSpecs(command).map((flag) => `'--${flag.name}:${quoted(flag.does)}'`);
    const name = command.words.join(" ");
    return `    '${name}'|'${name} '*) flags=(${rows.join(" ")} '--help:Show help') ;;`;
  });
  const { file, folder, other } = valueFlags();
  return `#compdef skerry
# zsh completion for skerry; load it with: source <(skerry completion zsh)
_skerry() {
  local path_=() i previous=\${words[CURRENT-1]}
  local -a typed=("\${words[@]}") flags=() words=()
  case $previous in
    ${file.join("|")}) _files; return ;;
    ${folder.join("|")}) _files -/; return ;;
    ${other.join("|")}) return ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    case $typed[i] in
      ${[...file, ...folder, ...other].join("|")}) ((i++)) ;;
      -*) ;;
      *) path_+=("$typed[i]") ;;
    esac
  done
  case "\${(j: :)path_}" in
${words.join("\n")}
  esac
  case "\${(j: :)path_}" in
${flags.join("\n")}
  esac
  if [[ $typed[CURRENT] == -* ]]; then _describe 'flag' flags
  elif (( $#words )); then _describe 'command' words
  else _files; fi
}
compdef _skerry skerry`;
}

function fish(commands: readonly CommandSpec[]): string {
  const quoted = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const tops = new Map(commands.map((command) => [command.words[0] ?? "", command]));
  const first = [...tops].map(([word, command]) => {
    const does = command.words.length === 1 ? command.summary : `${word} …`;
    return `complete -c skerry -n __fish_use_subcommand -f -a ${word} -d '${quoted(does)}'`;
  });
  const second = commands
    .filter((command) => command.words.length > 1)
    .map(({ words, summary }) => {
      const siblings = commands.filter((other) => other.words[0] === words[0]).map((other) => other.words[1] ?? "");
      const isOpen = `__fish_seen_subcommand_from ${words[0]}; and not __fish_seen_subcommand_from ${siblings.join(" ")}`;
      return `complete -c skerry -n '${isOpen}' -f -a ${words[1]} -d '${quoted(summary)}'`;
    });
  const flags = commands.flatMap((command) => {
    const isHere = command.words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    return flagSpecs(command).map((flag) => {
      const short = flag.short === undefined ? "" : ` -s ${flag.short}`;
      const value = flag.value === undefined ? "" : flag.completes === undefined ? " -x" : " -r -F";
      return `complete -c skerry -n '${isHere}' -l ${flag.name}${short}${value} -d '${quoted(flag.does)}'`;
    });
  });
  return ["# fish completion for skerry", ...first, ...second, ...flags].join("\n");
}
