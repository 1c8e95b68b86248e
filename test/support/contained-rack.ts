import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { ensureParts } from "../../parts/index.ts";
import { commandRack, type RackStatus } from "../../src/lab/index.ts";
import type { ClusterSight } from "./cluster-sight.ts";
import { type DemoRack, type DemoSite, succeeded } from "./demo-site.ts";
import { type SkerryOptions, type SkerryResult, startSkerry } from "./skerry.ts";

/** A rack whose machines run containerd, kubelet, etcd and pods, with what tests do to it. */
export interface ContainedRack extends DemoRack {
  /** `skerry up --yes ARGS` */
  readonly up: (args?: readonly string[], options?: Pick<SkerryOptions, "onEvent">) => Promise<SkerryResult>;
  /** `skerry ARGS --rack NAME`, whatever its exit code. */
  readonly skerry: (...args: readonly string[]) => Promise<SkerryResult>;
  /** `skerry lab exec NAME -- COMMAND`, whatever its exit code. */
  readonly onLaptop: (...command: readonly string[]) => Promise<SkerryResult>;
  /** The output of kubectl on the laptop; fails where it does not end with 0. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** The program, for commands that start it themselves. */
  readonly kubectlFile: string;
  /** Starts a command of ours that runs until its `end`, and gives every line that it prints. */
  readonly start: (args: readonly string[]) => RunningSkerry;
  readonly command: (command: Parameters<typeof commandRack>[1]) => Promise<RackStatus>;
  readonly sight: () => Promise<ClusterSight>;
  /** What the mirrors of `up` were asked, so far. */
  readonly mirrorLog: () => Promise<readonly MirrorLine[]>;
}

/** A line of mirror.log, as far as tests look at it. */
export interface MirrorLine {
  /** When it was answered to the end, or given up. */
  readonly time: string;
  /** How long that took. */
  readonly ms: number;
  readonly client: string;
  readonly method: string;
  readonly kind?: string;
  readonly repository?: string;
  /** Of manifests asked by a tag. */
  readonly image?: string;
  readonly status: number;
  readonly isComplete: boolean;
}

export interface RunningSkerry {
  readonly child: ChildProcess;
  /** Every line of stdout and stderr so far. */
  readonly lines: readonly string[];
  /** The first line with the pattern, once it is there; fails where the command ends without it. */
  readonly line: (pattern: RegExp) => Promise<string>;
  /** Ctrl-C, and its end. */
  readonly end: () => Promise<void>;
}

/** `lab up --interior contained`. */
export async function containedRack(
  site: DemoSite,
  name: string,
  siteText: string,
  options: { readonly signal: AbortSignal },
): Promise<ContainedRack> {
  const { kubectl: kubectlFile } = await ensureParts({ only: ["kubectl"], ...options });
  const rack = await site.rack(name, siteText, ["--interior", "contained"]);
  const onLaptop: ContainedRack["onLaptop"] = async (...words) =>
    await site.skerry(["lab", "exec", name, "--", ...words]);
  return {
    ...rack,
    up: async (args = [], more) => await site.skerry(["up", "--rack", name, "--yes", ...args], more),
    skerry: async (...args) => await site.skerry([...args, "--rack", name]),
    onLaptop,
    kubectl: async (...args) => succeeded(await onLaptop(kubectlFile, ...args)).stdout,
    kubectlFile,
    start: (args) => run(startSkerry(args, { cwd: site.folder, stateDir: site.stateDir, ...options })),
    command: async (order) => await commandRack(name, order, { stateDir: join(site.stateDir, "skerry"), ...options }),
    sight: async () => {
      const file = resolve("test/support/contained-sight-process.ts");
      const { stdout } = succeeded(await onLaptop(process.execPath, file, rack.siteFile, rack.stateFolder));
      return JSON.parse(stdout) as ClusterSight;
    },
    mirrorLog: async () => {
      const text = await readFile(join(rack.stateFolder, "mirror.log"), "utf8");
      return text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as MirrorLine);
    },
  };
}

function run(child: ChildProcess): RunningSkerry {
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  let hasEnded = false;
  const look = () => {
    for (const listener of listeners) listener();
  };
  // "error": it could not even be started.
  const ended = Promise.race([once(child, "close"), once(child, "error")]).then(() => {
    hasEnded = true;
    look();
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      look();
    });
  }
  return {
    child,
    lines,
    line: async (pattern) => {
      const { promise, resolve: found, reject } = Promise.withResolvers<string>();
      const lookFor = () => {
        const line = lines.find((each) => pattern.test(each));
        if (line !== undefined) found(line);
        else if (hasEnded) reject(new Error(`it ended without ${String(pattern)}:\n${lines.join("\n")}`));
      };
      listeners.add(lookFor);
      lookFor();
      return await promise.finally(() => listeners.delete(lookFor));
    },
    end: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** Asks until the answer is this, or fails with the last one, and with what there is to know about it. */
export async function eventually<T>(
  look: () => Promise<T>,
  expected: T,
  options: { readonly everyMs?: number; readonly explain?: (seen: T) => Promise<string> } = {},
): Promise<void> {
  const until = Date.now() + 180_000;
  let seen = await look();
  while (!isDeepStrictEqual(seen, expected) && Date.now() < until) {
    await setTimeout(options.everyMs ?? 250);
    seen = await look();
  }
  const why = isDeepStrictEqual(seen, expected) ? undefined : await options.explain?.(seen);
  expect(seen, why).toEqual(expected);
}
