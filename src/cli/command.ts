import type { Clock } from "../lib/clock.ts";
import type { ExitCode } from "../lib/errors/index.ts";
import type { FlagName, Flags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** A command as data: help, completion, the reference page and the parser all read this. */
export interface CommandSpec {
  /** ["bundle", "create"] */
  readonly words: readonly string[];
  /** One line, no full stop. */
  readonly summary: string;
  /** A paragraph or two. */
  readonly description?: string;
  readonly arguments: readonly ArgumentSpec[];
  /** Flags besides those that every command has. */
  readonly flags: readonly FlagName[];
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** It talks to the machines of the site: where these are a contained rack's, it is started again inside the rack's network. */
  readonly reachesNodes?: boolean;
  /** It can do without a site. */
  readonly mayLackSite?: boolean;
  /** Not shown; for processes that Skerry starts itself. Takes any arguments. */
  readonly isHidden?: boolean;
  readonly load: () => Promise<Handler>;
}

export interface ArgumentSpec {
  /** "NODE" */
  readonly name: string;
  readonly isRequired: boolean;
  /** One or more, or any number where none is required; the last argument only. Default: one. */
  readonly isRepeated?: boolean;
  readonly does: string;
}

/** What a handler is given: a parsed command line and the world it acts in. */
export interface Call {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths of flags are resolved against it. */
  readonly workingFolder: string;
  /** Aborted by Ctrl-C, a termination signal or --timeout. */
  readonly signal: AbortSignal;
  /** What is being done right now, told when the command is interrupted; through `say` where something else draws on stderr. */
  readonly onInterrupt: (tell: () => string, say?: (line: string) => void) => void;
  /** How to start this program: node and the script. */
  readonly self: readonly string[];
  /** The command as it was typed: "skerry up --rack demo". */
  readonly typed: string;
}

/** How a command ended; `main.ts` prints it. */
export interface Outcome {
  readonly exit: ExitCode;
  /** For people, on stdout; without the last newline. */
  readonly text?: string;
  /** For `--json`, on stdout: plain data, named. */
  readonly document?: { readonly kind: string; readonly data: object };
  /** What went wrong, where the command came to an end all the same; printed on stderr. */
  readonly error?: unknown;
  /** What is true after the failure: "2 of 3 steps are done. Nothing was undone." */
  readonly epilogue?: string;
  /** Where the whole story is kept. */
  readonly logFile?: string;
}

export type Handler = (call: Call) => Promise<Outcome>;
