import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { labRootfs, programIn } from "../../src/lab/contained/rack/lab-rootfs.ts";
import { commandRack, enterRack } from "../../src/lab/index.ts";
import { type DemoSite, succeeded } from "./demo-site.ts";
import { startSkerry } from "./skerry.ts";

type Order = Parameters<typeof commandRack>[1];

/** What the process between machines and mirror is told; `client` is a machine's address or `*` for all of them. */
export type MiddleOrder = { readonly client: string } & (
  | { readonly do: "pass" | "refuse" | "impostor" }
  /** After so many bytes to the machine: the connection is reset and no other is taken (cut), or nothing more comes (hold). */
  | { readonly do: "cut" | "hold"; readonly afterBytes: number }
);

export interface MiddleWord {
  readonly client: string;
  readonly what: "listening" | "obeyed" | "cut" | "held" | "refused the impostor" | "trusted the impostor";
  readonly port?: number;
}

/** What stands between machines and mirror. */
export interface Middle extends AsyncDisposable {
  readonly order: (order: MiddleOrder) => Promise<void>;
  /** Resolves when it has done this, at once when it has before. */
  readonly did: (what: MiddleWord["what"], client?: string) => Promise<void>;
  readonly count: (what: MiddleWord["what"]) => number;
}

/** What the machines of a rack are found to be, asked of them and not of Skerry's memory. */
export interface ContainedSight {
  /** "cp-1 current" */
  readonly nodes: readonly string[];
  /** Members' names, learners marked, one entry per cluster that a control plane tells of. */
  readonly etcd: readonly string[];
  /** Names of images in a machine's containerd; undefined where the machine cannot say. */
  readonly images: Readonly<Record<string, readonly string[] | undefined>>;
}

export interface UpEvent {
  readonly kind: string;
  readonly phase?: string;
  readonly step?: string;
  readonly node?: string;
  readonly reason?: string;
  readonly text?: string;
  readonly error?: UpError;
  readonly setAside?: readonly { readonly node: string; readonly error: UpError }[];
}

interface UpError {
  readonly code: string;
  readonly message: string;
  readonly where: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

/** A run of `up` that has ended. */
export interface UpEnd {
  readonly code: number;
  readonly seconds: number;
  readonly stderr: string;
  readonly error: UpError | undefined;
  /** Errors by node. */
  readonly setAside: Readonly<Record<string, UpError>>;
  readonly events: readonly UpEvent[];
  /** What it said while it waited, of a node or of all. */
  readonly reasons: (node?: string) => readonly string[];
}

export interface UpRun {
  /** The first event that fits, of the past too; rejects when the run ends without one. */
  readonly saw: (fits: (event: UpEvent) => boolean) => Promise<UpEvent>;
  readonly ended: Promise<UpEnd>;
}

/** Goes down at the end of the block that holds it. */
export interface FaultRack extends AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly up: (...flags: readonly string[]) => UpRun;
  readonly order: (command: Order) => Promise<void>;
  /** `stage` of a machine as the rack sees it. */
  readonly stages: () => Promise<ReadonlyMap<string, string>>;
  readonly sight: () => Promise<ContainedSight>;
  readonly middle: () => Promise<Middle>;
  /** Lines of the mirror's log. */
  readonly requests: () => readonly string[];
}

/** A site.yaml of the demo with this many machines, one package (the pod network) and the endpoint of its rack. */
export function faultSite(controlPlanes: number, workers: number): string {
  const node = (name: string, role: string, last: number) =>
    `  - {name: ${name}, role: ${role}, address: 10.5.0.${last}, disk: {path: /dev/sda}}\n`;
  const first = Array.from({ length: controlPlanes }, (_, at) => node(`cp-${at + 1}`, "controlplane", at + 2));
  const rest = Array.from({ length: workers }, (_, at) => node(`w-${at + 1}`, "worker", controlPlanes + at + 2));
  return `apiVersion: skerry.dev/v1alpha1
kind: Site
name: faults
talos: v1.13.9
kubernetes: v1.36.3
endpoint: ${controlPlanes === 1 ? "10.5.0.2" : "10.5.0.100"}
network: {gateway: 10.5.0.1, prefix: 24}
cni: package
trust: {keys: [demo.pub]}
packages:
  - {name: rack-cni, before: ready}
nodes:
${[...first, ...rest].join("")}`;
}

/** Starts a contained rack of the demo's bundle. @param faults - as `lab up --fault` takes them */
export async function faultRack(
  site: DemoSite,
  name: string,
  options: {
    readonly controlPlanes?: number;
    readonly workers?: number;
    readonly faults?: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<FaultRack> {
  const { controlPlanes = 1, workers = 1, faults = [], signal } = options;
  const flags = ["--interior", "contained", ...faults.flatMap((fault) => ["--fault", fault])];
  const rack = await site.rack(name, faultSite(controlPlanes, workers), flags);
  const folder = dirname(dirname(rack.siteFile));
  const stateDir = join(site.stateDir, "skerry");
  const order = async (command: Order) => await commandRack(name, command, { stateDir, signal });
  const inside = (command: readonly string[]): ChildProcess => {
    const entry = enterRack(folder, process.env);
    const [program = "", ...args] = [...entry.through, ...command];
    return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...entry.env } });
  };
  return {
    name,
    folder,
    up: (...more) => followUp(site, [name, "--yes", ...more], signal),
    order: async (command) => void (await order(command)),
    stages: async () => new Map((await order({ do: "status" })).machines.map((each) => [each.name, each.stage])),
    sight: async () => {
      const script = join(import.meta.dirname, "contained-faults-sight-process.ts");
      const child = inside([process.execPath, script, rack.siteFile, rack.stateFolder]);
      let said = "";
      child.stdout?.on("data", (data: Buffer) => (said += data.toString()));
      await once(child, "close");
      return JSON.parse(said) as ContainedSight;
    },
    middle: async () => {
      const [, port = ""] = /^mirror: \{.*port: (\d+)/m.exec(readFileSync(rack.siteFile, "utf8")) ?? [];
      return await startMiddle(inside, { host: "10.5.0.1", port: Number(port) });
    },
    requests: () => {
      const log = join(rack.stateFolder, "mirror.log");
      return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    },
    [Symbol.asyncDispose]: async () => void succeeded(await site.skerry(["lab", "down", name])),
  };
}

function followUp(site: DemoSite, args: readonly string[], signal: AbortSignal): UpRun {
  const since = performance.now();
  const { folder: cwd, stateDir } = site;
  const child = startSkerry(["up", "--rack", ...args, "--events"], { cwd, stateDir, signal });
  const events: UpEvent[] = [];
  const watchers = new Set<() => void>();
  let stderr = "";
  let isOver = false;
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  lines.on("line", (line) => {
    events.push(JSON.parse(line) as UpEvent);
    tell();
  });
  const ended = Promise.all([once(child, "exit"), once(lines, "close")]).then(([[code]]): UpEnd => {
    isOver = true;
    tell();
    const last = events.findLast(({ kind }) => kind === "run.succeeded" || kind === "run.failed");
    return {
      code: Number(code),
      seconds: Math.round((performance.now() - since) / 1000),
      stderr,
      error: last?.error,
      setAside: Object.fromEntries((last?.setAside ?? []).map(({ node, error }) => [node, error])),
      events,
      reasons: (node) =>
        events.flatMap((event) =>
          event.kind === "condition.waiting" && (node === undefined || event.node === node) ? [event.reason ?? ""] : [],
        ),
    };
  });
  return {
    ended,
    saw: async (fits) =>
      await new Promise((resolve, reject) => {
        const look = () => {
          const found = events.find(fits);
          if (found === undefined && !isOver) return;
          watchers.delete(look);
          if (found === undefined) reject(new Error(`up ended before that:\n${stderr}`));
          else resolve(found);
        };
        watchers.add(look);
        look();
      }),
  };
}

/** Puts a process of ours between the machines and the mirror, by rewriting where their packets go; the mirror itself is as it was. */
async function startMiddle(
  inside: (command: readonly string[]) => ChildProcess,
  mirror: { readonly host: string; readonly port: number },
): Promise<Middle> {
  const script = join(import.meta.dirname, "contained-faults-middle-process.ts");
  const child = inside([process.execPath, script, mirror.host, String(mirror.port)]);
  const ended = once(child, "exit");
  const words: MiddleWord[] = [];
  const watchers = new Set<() => void>();
  createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
    words.push(JSON.parse(line) as MiddleWord);
    for (const watcher of watchers) watcher();
  });
  const until = async <T>(look: () => T | undefined): Promise<T> =>
    await new Promise((resolve) => {
      const again = () => {
        const found = look();
        if (found === undefined) return;
        watchers.delete(again);
        resolve(found);
      };
      watchers.add(again);
      again();
    });
  const port = await until(() => words.find(({ what }) => what === "listening")?.port);
  await redirect(inside, mirror, port);
  return {
    order: async (order) => {
      const before = words.filter(({ what }) => what === "obeyed").length;
      child.stdin?.write(`${JSON.stringify(order)}\n`);
      await until(() => (words.filter(({ what }) => what === "obeyed").length > before ? true : undefined));
    },
    did: async (what, client) => {
      await until(() => words.find((word) => word.what === what && (client === undefined || word.client === client)));
    },
    count: (what) => words.filter((word) => word.what === what).length,
    [Symbol.asyncDispose]: async () => {
      await redirect(inside, mirror, undefined);
      child.stdin?.end();
      await ended;
    },
  };
}

const TABLE = "table ip skerry-middle";

async function redirect(
  inside: (command: readonly string[]) => ChildProcess,
  { host, port }: { readonly host: string; readonly port: number },
  to: number | undefined,
): Promise<void> {
  const rootfs = labRootfs(process.env);
  const chain = [
    `${TABLE} {`,
    "  chain c {",
    "    type nat hook prerouting priority -100",
    `    ip daddr ${host} tcp dport ${port} dnat to ${host}:${to}`,
    "  }",
    "}",
  ];
  const rules = [TABLE, `delete ${TABLE}`, ...(to === undefined ? [] : chain), ""].join("\n");
  const child = inside(["chroot", rootfs, programIn(rootfs, "nft") ?? "nft", "-f", "-"]);
  child.stdin?.end(rules);
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
}
