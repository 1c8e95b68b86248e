import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

/** The built command line, as an operator runs it. */
export const skerryFile = resolve("dist/skerry.js");

export interface SkerryResult {
  /** 128 + signal number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SkerryOptions {
  readonly cwd: string;
  readonly stateDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called for every line of `--events`; return "kill" or "interrupt" to end the run there. */
  readonly onEvent?: (event: SkerryEvent) => "kill" | "interrupt" | undefined;
  readonly signal?: AbortSignal;
}

/** The fields of an event that tests look at. */
export interface SkerryEvent {
  readonly kind: string;
  readonly phase?: string;
  readonly step?: string;
  readonly node?: string;
  readonly text?: string;
  /** Of `condition.waiting`. */
  readonly reason?: string;
  /** Of `run.started`. */
  readonly phases?: readonly { readonly id: string }[];
}

/** Runs `skerry ARGS` to its end and gives what it printed. */
export async function skerry(args: readonly string[], options: SkerryOptions): Promise<SkerryResult> {
  const child = startSkerry(args, options);
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stderr?.on("data", (data: Buffer) => stderr.push(data.toString()));
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  lines.on("line", (line) => {
    stdout.push(line);
    const wish = options.onEvent?.(JSON.parse(line) as SkerryEvent);
    if (wish === "kill") child.kill("SIGKILL");
    if (wish === "interrupt") child.kill("SIGINT");
  });
  const [[code, signal]] = (await Promise.all([once(child, "exit"), once(lines, "close")])) as [
    [number | null, NodeJS.Signals | null],
    unknown,
  ];
  return {
    code: code ?? (signal === "SIGKILL" ? 137 : 1),
    stdout: stdout.join("\n"),
    stderr: stderr.join(""),
  };
}

/** What a rack's machines are where no flag says otherwise: the same on every computer. */
export const MODELLED = { SKERRY_LAB_INTERIOR: "modelled" } as const;

/** Starts `skerry ARGS` and leaves it running; end it with its `kill`. */
export function startSkerry(args: readonly string[], options: SkerryOptions): ChildProcess {
  return spawn(process.execPath, [skerryFile, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...MODELLED, XDG_STATE_HOME: options.stateDir, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
