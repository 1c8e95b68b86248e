import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { loadSite, type Site } from "../../site/index.ts";
import type { Fault } from "../faults.ts";
import { writeWhole } from "../node/disk.ts";
import { endpointAddress, MAX_NODES, nodeAddress } from "./addresses.ts";
import type { RackStatus } from "./control-protocol.ts";
import { askRack, MAX_SOCKET_PATH_BYTES } from "./control-socket.ts";
import { endRecordedProcesses } from "./end-processes.ts";
import { hardwareFor } from "./hardware.ts";
import {
  type RackFile,
  type RackPaths,
  type RackTimings,
  rackPaths,
  readRackFile,
  writeRackFile,
} from "./rack-file.ts";
import { releaseImages } from "./release-images.ts";
import { rewriteSite } from "./rewrite-site.ts";
import { freeSlots } from "./slots.ts";

export interface StartRackOptions {
  /** Default: the site's name. */
  readonly name?: string;
  /** The site.yaml that the rack is made from. */
  readonly siteFile: string;
  /** STATE of docs/decisions/0001-interfaces.md */
  readonly stateDir: string;
  /** Whether machines run Kubernetes; without it hundreds fit. Default true. */
  readonly kubernetes?: boolean;
  /** Default: `rehearsalTimings`. */
  readonly timings?: Partial<RackTimings>;
  readonly faults?: readonly Fault[];
  /** The same seed makes the same hardware. Default 1. */
  readonly seed?: number;
  /** How to run `superviseRack`; default: this Node with supervisor.ts. The rack's folder is appended. */
  readonly supervisor?: readonly string[];
  readonly signal: AbortSignal;
}

export interface StartedRack {
  readonly name: string;
  /** The rack's own site.yaml, with its addresses. */
  readonly siteFile: string;
  readonly status: RackStatus;
}

/** Short enough to wait for, long enough to be seen. */
export const rehearsalTimings: RackTimings = {
  bootMs: 500,
  installMs: 1500,
  rebootMs: 500,
  drainMs: 1000,
  listenGapMs: 100,
  failurePauseMs: 10_000,
  pullRetryMs: 500,
  backOffMs: { first: 1000, longest: 5000 },
  serviceMs: 500,
};

const START_MS = 60_000;
const PER_NODE_MS = 200;
const POLL_MS = 50;

/**
 * Makes a rack from a site and starts its supervisor, a process that outlives this one. Returns when every machine's Talos API answers in
 * maintenance.
 *
 * @throws OperatorError LAB_RACK_EXISTS, LAB_TOO_MANY_NODES, LAB_DISK_IMPOSSIBLE, LAB_NO_SLOT, LAB_PATH_TOO_LONG, LAB_SUPERVISOR_FAILED,
 *   LAB_NODE_UNKNOWN (a fault), and as loadSite does; nothing is left behind
 */
export async function startRack(options: StartRackOptions): Promise<StartedRack> {
  const site = await loadSite(options.siteFile);
  const name = options.name ?? site.name;
  const paths = rackPaths(options.stateDir, name);
  check(site, name, paths, options);
  const text = await readTextFile(site.file);
  for await (const slot of freeSlots(options.stateDir)) {
    writeRackFile(paths.rackFile, describeRack(site, name, slot, options));
    writeWhole(paths.site, rewriteSite(text, site, { slot }));
    try {
      const status = await startSupervisor(name, paths, options);
      if (status !== undefined) return { name, siteFile: paths.site, status };
    } catch (error) {
      await endRecordedProcesses(paths.processes, { clock: systemClock, signal: AbortSignal.timeout(START_MS) });
      removeAllButLog(paths);
      throw error;
    }
  }
  rmSync(paths.folder, { recursive: true, force: true });
  throw new OperatorError("LAB_NO_SLOT", "no range of loopback addresses is free for another rack", {
    next: ["skerry lab list    shows the racks; take one down with skerry lab down NAME"],
    retry: "later",
  });
}

/**
 * Starts the supervisor of a rack that is there but does not run: after the computer was restarted, or when it was killed. Machines that
 * had power get it again; disks are as they were.
 *
 * @throws OperatorError LAB_RACK_UNKNOWN, LAB_SUPERVISOR_FAILED
 */
export async function resumeRack(
  name: string,
  options: Pick<StartRackOptions, "stateDir" | "supervisor" | "signal">,
): Promise<StartedRack> {
  const paths = rackPaths(options.stateDir, name);
  const rack = readRackFile(paths.rackFile);
  if (rack === undefined) throw unknownRack(name, options.stateDir);
  await endRecordedProcesses(paths.processes, { clock: systemClock, signal: options.signal });
  writeRackFile(paths.rackFile, { ...rack, started: systemClock.now().toISOString() });
  const status = await startSupervisor(name, paths, options);
  if (status !== undefined) return { name, siteFile: paths.site, status };
  throw failed(name, paths, "its addresses are taken by another program");
}

export function unknownRack(name: string, stateDir: string): OperatorError {
  return new OperatorError("LAB_RACK_UNKNOWN", `there is no rack ${name} in ${stateDir}`, {
    next: ["skerry lab list"],
  });
}

function check(site: Site, name: string, paths: RackPaths, options: StartRackOptions): void {
  if (existsSync(paths.rackFile)) {
    throw new OperatorError("LAB_RACK_EXISTS", `there is a rack ${name} already`, {
      next: [`skerry lab down ${name}`, "or choose another name"],
    });
  }
  if (Buffer.byteLength(paths.socket) > MAX_SOCKET_PATH_BYTES) {
    throw new OperatorError("LAB_PATH_TOO_LONG", `${paths.socket} is too long for a socket`, {
      next: ["choose a shorter folder with --state-dir"],
    });
  }
  if (site.nodes.length > MAX_NODES) {
    throw new OperatorError(
      "LAB_TOO_MANY_NODES",
      `the site has ${site.nodes.length} nodes, a rack at most ${MAX_NODES}`,
      {
        next: ["rehearse with a site of fewer nodes"],
      },
    );
  }
  const known = new Set(site.nodes.map((node) => node.name));
  const stranger = options.faults?.find((fault) => !known.has(fault.node));
  if (stranger !== undefined) {
    throw new OperatorError(
      "LAB_NODE_UNKNOWN",
      `the fault ${stranger.kind} names ${stranger.node}, which the site has not`,
      {
        next: [`name one of ${[...known].slice(0, 10).join(", ")}`],
      },
    );
  }
  // Fails for a release whose images are not known, before anything is made.
  releaseImages(site.talos, site.kubernetes);
}

function describeRack(site: Site, name: string, slot: number, options: StartRackOptions): RackFile {
  const seed = options.seed ?? 1;
  return {
    version: 1,
    name,
    slot,
    endpoint: endpointAddress(slot),
    talos: site.talos,
    kubernetesVersion: site.kubernetes,
    kubernetes: options.kubernetes ?? true,
    interior: "modelled",
    seed,
    timings: { ...rehearsalTimings, ...options.timings },
    nodes: site.nodes.map((node, index) => ({
      name: node.name,
      role: node.role,
      address: nodeAddress(slot, index),
      hardware: hardwareFor(node, seed),
      powered: true,
    })),
    faults: [...(options.faults ?? [])],
    sourceSite: site.file,
    started: systemClock.now().toISOString(),
  };
}

/** @returns undefined when somebody took the slot meanwhile */
async function startSupervisor(
  name: string,
  paths: RackPaths,
  options: Pick<StartRackOptions, "supervisor" | "signal">,
): Promise<RackStatus | undefined> {
  const [program = process.execPath, ...args] = options.supervisor ?? defaultSupervisor();
  for (const old of [paths.slotTaken, paths.socket]) rmSync(old, { force: true });
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  const log = openSync(paths.log, "a", 0o600);
  // A session of its own: Ctrl-C and a closed terminal do not reach it.
  const child = spawn(program, [...args, paths.folder], {
    detached: true,
    stdio: ["ignore", log, log],
    env: quietEnv(),
  });
  closeSync(log);
  await once(child, "spawn");
  child.unref();
  const limitMs = START_MS + PER_NODE_MS * (readRackFile(paths.rackFile)?.nodes.length ?? 0);
  return await withDeadline(limitMs, { signal: options.signal, what: `rack ${name}` }, (signal) =>
    untilAnswering(name, paths, child, { clock: systemClock, signal }),
  );
}

async function untilAnswering(
  name: string,
  paths: RackPaths,
  child: ChildProcess,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<RackStatus | undefined> {
  for (;;) {
    if (existsSync(paths.slotTaken)) return undefined;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw failed(name, paths, `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
    }
    if (existsSync(paths.socket)) {
      try {
        return await askRack(paths.socket, { do: "status" }, { name, signal: options.signal });
      } catch (error) {
        options.signal.throwIfAborted();
        if (!(error instanceof OperatorError)) throw error;
      }
    }
    await options.clock.sleep(POLL_MS, { signal: options.signal });
  }
}

function failed(name: string, paths: RackPaths, why: string): OperatorError {
  return new OperatorError("LAB_SUPERVISOR_FAILED", `the supervisor of rack ${name} did not come up: ${why}`, {
    where: { file: paths.log },
    next: [`read ${paths.log}`],
  });
}

function defaultSupervisor(): readonly string[] {
  return [process.execPath, fileURLToPath(new URL("../supervisor.ts", import.meta.url))];
}

/** Without what steers Node or proxies in the caller. */
function quietEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, TMPDIR } = process.env;
  return { PATH, HOME, LANG, TMPDIR };
}

/** What the supervisor said stays readable; a rack of the same name can be started again. */
function removeAllButLog(paths: RackPaths): void {
  for (const path of [paths.rackFile, paths.socket, paths.processes, paths.site, paths.nodes]) {
    rmSync(path, { recursive: true, force: true });
  }
}
