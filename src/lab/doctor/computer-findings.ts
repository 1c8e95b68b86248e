import { readFileSync, statSync } from "node:fs";
import { arch, availableParallelism, platform, release } from "node:os";
import { type Finding, finding } from "./diagnosis.ts";

const both = ["contained", "modelled"] as const;
const OLDEST_NODE = 24;
const OPEN_FILES = 4096;
const DAY_MS = 86_400_000;

/**
 * The computer itself, whatever is inside the machines.
 *
 * @param options.program - Skerry's own file
 */
export function computerFindings(options: { readonly program: string; readonly now: Date }): readonly Finding[] {
  const cores = availableParallelism();
  const { node } = process.versions;
  return [
    finding({
      group: "computer",
      id: "linux",
      title: "operating system",
      ok: platform() === "linux",
      detail: `${platform()} ${release()}`,
      next: "use a Linux computer or virtual machine: racks run programs that are made for Linux",
      needed: both,
    }),
    finding({
      group: "computer",
      id: "processor",
      title: "processor",
      ok: ["x64", "arm64"].includes(arch()),
      detail: `${arch()}, ${cores === 1 ? "1 core" : `${cores} cores`}`,
      next: "use a computer with an x86-64 or arm64 processor: there is no Talos for others",
      needed: both,
    }),
    finding({
      group: "computer",
      id: "node",
      title: "Node.js",
      ok: Number.parseInt(node, 10) >= OLDEST_NODE,
      detail: node,
      next: `install Node.js ${OLDEST_NODE}; a clone of Skerry brings its own`,
      needed: both,
    }),
    openFiles(),
    clock(options),
  ];
}

/** Node raises the soft limit to the hard one as it starts, so the hard one counts. */
function openFiles(): Finding {
  const hard = hardLimit();
  return finding({
    group: "computer",
    id: "open-files",
    title: "open files",
    ok: hard === undefined || hard >= OPEN_FILES,
    detail:
      hard === undefined ? "no limit is told" : hard === Number.POSITIVE_INFINITY ? "no limit" : `at most ${hard}`,
    next: `ulimit -Hn ${OPEN_FILES}    first: racks of many machines need more`,
    needed: [],
  });
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html */
function hardLimit(): number | undefined {
  try {
    const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return hard === undefined ? undefined : hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
  } catch {
    return undefined;
  }
}

/** A clock behind the files of its own programs is wrong, and certificates are valid from when they are made. */
function clock({ program, now }: { readonly program: string; readonly now: Date }): Finding {
  const written = statSync(program, { throwIfNoEntry: false })?.mtime;
  const ok = written === undefined || now.getTime() > written.getTime() - DAY_MS;
  const says = now.toISOString();
  return finding({
    group: "computer",
    id: "clock",
    title: "clock",
    ok,
    detail: ok ? says : `it says ${says}, and this Skerry was written at ${written.toISOString()}`,
    next: "set it, for example with date(1): certificates are valid from the moment they are made",
    needed: [],
  });
}
