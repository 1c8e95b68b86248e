import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";

/** How a process ended that was measured from outside, start and all. */
export interface Measured {
  readonly stdout: string;
  readonly seconds: number;
  /** Of the processor, user and system. */
  readonly cpuSeconds: number;
}

const CLOCK = /^(\d+\.\d+) (\d+\.\d+)$/;

/**
 * Runs a command to its end. Its processor time is asked of the shell that waits for it, so that a Go program and ours are measured by
 * the same clock.
 *
 * @throws Error when it does not end with exit code 0
 */
export async function runMeasured(
  command: readonly string[],
  options: {
    readonly input?: string;
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    /** What it says is shown only when it fails. Default: shown at once. */
    readonly isQuiet?: boolean;
  } = {},
): Promise<Measured> {
  const start = performance.now();
  // File descriptor 3 takes the times, so that they do not mix with what the command says.
  const script = 'exec 3>&2; { TIMEFORMAT="%U %S"; time "$@" 2>&3; } 2>&4';
  const child = spawn("bash", ["-c", script, "bash", ...command], {
    stdio: [
      options.input === undefined ? "ignore" : "pipe",
      "pipe",
      options.isQuiet === true ? "pipe" : "inherit",
      "ignore",
      "pipe",
    ],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const times = child.stdio[4];
  if (child.stdout === null || times === null || times === undefined) throw new Error("no pipes");
  child.stdin?.end(options.input);
  const [[code], stdout, clock, said] = await Promise.all([
    once(child, "exit") as Promise<[number | null]>,
    text(child.stdout),
    text(times as NodeJS.ReadableStream),
    child.stderr === null ? "" : text(child.stderr),
  ]);
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`exit code ${code} from ${command.slice(0, 4).join(" ")}\n${said}`);
  const [, user = "0", system = "0"] = CLOCK.exec(clock.trim()) ?? [];
  return { stdout, seconds, cpuSeconds: Number(user) + Number(system) };
}

/** Processor seconds that a running process has used until now, with a resolution of 10 ms. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Largest resident memory that a running process ever had, in MiB. */
export function peakMiBOf(pid: number): number {
  const [, kib = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}

/**
 * Builds a program as Skerry ships, what is imported lazily in files of its own: stripping types while loading takes time and 40 MB
 * that an operator's process does not need.
 *
 * @returns path of the program in `folder`
 */
export async function asShipped(entry: string, folder: string): Promise<string> {
  const require = "const require = createRequire(import.meta.url);";
  await build({
    entryPoints: { program: entry },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    banner: { js: `import { createRequire } from "node:module"; ${require}` },
    logLevel: "error",
  });
  return join(folder, "program.mjs");
}
