import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Clock } from "../../../lib/clock.ts";
import { createGroup, removeRackGroups, settleGroups } from "./cgroups.ts";
import { rootScript } from "./root-script.ts";

export interface NodeSpaceOptions {
  readonly rackId: string;
  readonly node: string;
  /** The lab root filesystem; only read. */
  readonly rootfs: string;
  /** An empty folder to build the root in. */
  readonly mountPoint: string;
  /** The folder that becomes /var. */
  readonly varFolder: string;
  /** Instead of the folder, a /var of memory with this many bytes: a disk that is soon full. */
  readonly varBytes?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The namespaces of one boot of one node, held by its first process. */
export interface NodeSpace {
  /** The file as programs outside see it. @param inside - absolute: `/run/containerd/containerd.sock` */
  readonly path: (inside: string) => string;
  /** Starts a program inside all of the namespaces and control groups. Its process is `nsenter`, which ends with it. */
  readonly spawn: (program: string, args: readonly string[], options?: Pick<SpawnOptions, "stdio">) => ChildProcess;
  /** Runs a program inside to its end. @returns its standard output; @throws ProgramError with what it said */
  readonly run: (program: string, args: readonly string[], options: RunOptions) => Promise<string>;
  /** Ends everything in it at once, as a pulled plug does, and removes its control groups. Safe to repeat. */
  readonly kill: () => Promise<void>;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly input?: AsyncIterable<Uint8Array>;
}

/** A program inside a node that did not end well. */
export class ProgramError extends Error {
  /** What it wrote to its standard error, or a sentence about how it ended. */
  readonly said: string;

  constructor(program: string, said: string) {
    super(`${program}: ${said}`);
    this.name = "ProgramError";
    this.said = said;
  }
}

/** Puts the shell into every group named before `--`, then becomes the program after it. */
const JOIN = 'while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"';
const KEPT_CHARS = 4000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const INSIDE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Opens the namespaces of a node and builds its root in them. The network namespace stays that of this process.
 *
 * @throws ProgramError when the root cannot be built
 */
export async function openNodeSpace(options: NodeSpaceOptions): Promise<NodeSpace> {
  const groups = createGroup(`skerry-rack-${options.rackId}/${options.node}`);
  const environment = { PATH: INSIDE_PATH, HOME: "/root", ...marks() };
  const into = (folders: readonly string[], command: readonly string[]) =>
    ["-c", JOIN, "sh", ...folders, "--", ...command] as const;
  const holder = spawn(
    "/bin/sh",
    into(groups, [
      ...["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child"],
      ...["/bin/sh", "-c", rootScript(options)],
    ]),
    { stdio: ["ignore", "pipe", "pipe"], env: { ...environment, PATH: process.env["PATH"] ?? INSIDE_PATH } },
  );
  let errors = "";
  holder.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-KEPT_CHARS);
  });
  const ended = once(holder, "exit");
  const kill = async (): Promise<void> => {
    holder.kill("SIGKILL");
    await ended;
    await removeRackGroups(options.rackId, {
      node: options.node,
      clock: options.clock,
      signal: new AbortController().signal,
    });
  };
  const ready = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!ready) {
    await kill();
    throw new ProgramError("unshare", errors.trim() || "ended at once");
  }
  const pid = firstProcess(holder.pid ?? 0);
  const settled = settleGroups(groups);
  const joined = (command: readonly string[]) => into(settled, command);
  const enter = ["nsenter", "--target", String(pid), "--mount", "--uts", "--ipc", "--pid", "--cgroup", "--"];
  const space: NodeSpace = {
    path: (inside) => join("/proc", String(pid), "root", inside),
    spawn: (program, args, more = {}) =>
      spawn("/bin/sh", joined([...enter, program, ...args]), { stdio: "ignore", ...more, env: environment, cwd: "/" }),
    run: async (program, args, { signal, input }) => {
      const result = await execa("/bin/sh", joined([...enter, program, ...args]), {
        env: environment,
        extendEnv: false,
        cwd: "/",
        cancelSignal: signal,
        reject: false,
        maxBuffer: MAX_OUTPUT_BYTES,
        ...(input === undefined ? { stdin: "ignore" } : { stdin: input }),
      });
      signal.throwIfAborted();
      if (!result.failed) return result.stdout;
      throw new ProgramError(
        program,
        (result.stderr ?? "").slice(-KEPT_CHARS).trim() || (result.shortMessage ?? "failed"),
      );
    },
    kill,
  };
  if (options.signal.aborted) await kill();
  options.signal.throwIfAborted();
  return space;
}

/** What tells the processes of a rack from all others. */
function marks(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("SKERRY_RACK")));
}

/** The only child of `unshare`: process 1 of the new PID namespace. */
function firstProcess(holder: number): number {
  const children = readFileSync(`/proc/${holder}/task/${holder}/children`, "utf8").trim();
  return Number.parseInt(children, 10);
}
