import { existsSync, rmSync } from "node:fs";
import { systemClock } from "../../lib/clock.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { loadSite, type Site } from "../../site/index.ts";
import { newRackId } from "../contained/node/cgroups.ts";
import { CONTAINED_NETWORK, containedAddress } from "../contained/rack/network-plan.ts";
import { type Fault, isNetworkFault, LAPTOP } from "../faults.ts";
import { writeWhole } from "../node/disk.ts";
import { addressesOfSlot, MAX_NODES } from "./addresses.ts";
import { type ChosenInterior, chooseInterior } from "./choose-interior.ts";
import type { RackStatus } from "./control-protocol.ts";
import { MAX_SOCKET_PATH_BYTES } from "./control-socket.ts";
import { endRack } from "./end-rack.ts";
import { hardwareFor } from "./hardware.ts";
import {
  type InteriorKind,
  type RackFile,
  type RackPaths,
  type RackTimings,
  rackPaths,
  readRackFile,
  writeRackFile,
} from "./rack-file.ts";
import { releaseImages } from "./release-images.ts";
import { endpointOf, type RackAddresses, rewriteSite } from "./rewrite-site.ts";
import { freeSlots } from "./slots.ts";
import { startSupervisor, supervisorFailed } from "./start-supervisor.ts";

export interface StartRackOptions {
  /** Default: the site's name. */
  readonly name?: string;
  /** The site.yaml that the rack is made from. */
  readonly siteFile: string;
  /** STATE of docs/decisions/0001-interfaces.md */
  readonly stateDir: string;
  /** Default: contained where this computer and the site allow it. */
  readonly interior?: InteriorKind | undefined;
  /** Where the lab root filesystem is named and the cache is. Default: this process' environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
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
  readonly interior: InteriorKind;
  /** Why it is not contained, where nobody asked for a modelled one. */
  readonly reason?: string;
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

const CLEAN_UP_MS = 60_000;

/**
 * Makes a rack from a site and starts its supervisor, a process that outlives this one. Returns when every machine's Talos API answers in
 * maintenance.
 *
 * @throws OperatorError LAB_RACK_EXISTS, LAB_TOO_MANY_NODES, LAB_DISK_IMPOSSIBLE, LAB_NO_SLOT, LAB_PATH_TOO_LONG, LAB_SUPERVISOR_FAILED,
 *   LAB_NODE_UNKNOWN (a fault), LAB_CANNOT_CONTAIN, LAB_FAULT_UNSUITABLE, and as loadSite does; nothing is left behind
 */
export async function startRack(options: StartRackOptions): Promise<StartedRack> {
  const site = await loadSite(options.siteFile);
  const name = options.name ?? site.name;
  const paths = rackPaths(options.stateDir, name);
  check(site, name, paths, options);
  const text = await readTextFile(site.file);
  const chosen = await chooseInterior(site, { env: process.env, ...options });
  for await (const place of places(site, chosen, options.stateDir)) {
    const rack = describeRack(site, name, place, options);
    writeRackFile(paths.rackFile, rack);
    writeWhole(paths.site, rewriteSite(text, site, { addresses: place.addresses }));
    try {
      const status = await startSupervisor(rack, paths, options);
      if (status !== undefined) return started(rack, paths, status, chosen);
    } catch (error) {
      await endRack(paths, rack.id, { signal: AbortSignal.timeout(CLEAN_UP_MS) });
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
  const before = readRackFile(paths.rackFile);
  if (before === undefined) throw unknownRack(name, options.stateDir);
  await endRack(paths, before.id, options);
  const rack = { ...before, started: systemClock.now().toISOString() };
  writeRackFile(paths.rackFile, rack);
  const status = await startSupervisor(rack, paths, options);
  if (status !== undefined) return started(rack, paths, status);
  throw supervisorFailed(name, paths, "its addresses are taken by another program");
}

export function unknownRack(name: string, stateDir: string): OperatorError {
  return new OperatorError("LAB_RACK_UNKNOWN", `there is no rack ${name} in ${stateDir}`, {
    next: ["skerry lab list"],
  });
}

function started(rack: RackFile, paths: RackPaths, status: RackStatus, chosen?: ChosenInterior): StartedRack {
  const reason = chosen?.kind === "modelled" ? chosen.reason : undefined;
  const { name, interior } = rack;
  return { name, siteFile: paths.site, interior, ...(reason === undefined ? {} : { reason }), status };
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
    const message = `the site has ${site.nodes.length} nodes, a rack at most ${MAX_NODES}`;
    throw new OperatorError("LAB_TOO_MANY_NODES", message, { next: ["rehearse with a site of fewer nodes"] });
  }
  const known = new Set(site.nodes.map((node) => node.name));
  for (const fault of options.faults ?? []) checkFault(fault, known);
  // Fails for a release whose images are not known, before anything is made.
  releaseImages(site.talos, site.kubernetes);
}

function checkFault(fault: Fault, known: ReadonlySet<string>): void {
  const mayBeLaptop = isNetworkFault(fault) && fault.kind !== "partition";
  const names = fault.kind === "partition" ? [fault.node, ...fault.with] : [fault.node];
  const stranger = names.find((name) => !known.has(name) && !(mayBeLaptop && name === LAPTOP));
  if (stranger === undefined) return;
  throw new OperatorError("LAB_NODE_UNKNOWN", `the fault ${fault.kind} names ${stranger}, which the site has not`, {
    next: [`name one of ${[...known].slice(0, 10).join(", ")}`],
  });
}

/** Where a rack could be: its addresses, and what its interior needs besides. */
type Place = { readonly addresses: RackAddresses } & (
  | { readonly interior: "modelled"; readonly slot: number }
  | { readonly interior: "contained"; readonly rootfs: string; readonly virtualIp?: string }
);

async function* places(site: Site, chosen: ChosenInterior, stateDir: string): AsyncGenerator<Place> {
  if (chosen.kind === "contained") {
    const { laptop, virtualIp, prefixLength } = CONTAINED_NETWORK;
    const addresses = { node: containedAddress, endpoint: virtualIp, laptop, gateway: laptop, prefixLength };
    const isShared = endpointOf(site, addresses) === virtualIp;
    yield { interior: "contained", addresses, rootfs: chosen.rootfs, ...(isShared ? { virtualIp } : {}) };
    return;
  }
  for await (const slot of freeSlots(stateDir)) yield { interior: "modelled", addresses: addressesOfSlot(slot), slot };
}

function describeRack(site: Site, name: string, place: Place, options: StartRackOptions): RackFile {
  const seed = options.seed ?? 1;
  const { addresses, ...interior } = place;
  return {
    version: 1,
    name,
    id: newRackId(),
    ...interior,
    endpoint: interior.interior === "modelled" ? addresses.endpoint : endpointOf(site, addresses),
    talos: site.talos,
    kubernetesVersion: site.kubernetes,
    kubernetes: options.kubernetes ?? true,
    seed,
    timings: { ...rehearsalTimings, ...options.timings },
    nodes: site.nodes.map((node, index) => ({
      name: node.name,
      role: node.role,
      address: addresses.node(index),
      hardware: hardwareFor(node, seed),
      powered: true,
    })),
    faults: [...(options.faults ?? [])],
    sourceSite: site.file,
    started: systemClock.now().toISOString(),
  };
}

/** What the supervisor said stays readable; a rack of the same name can be started again. */
function removeAllButLog(paths: RackPaths): void {
  for (const path of [paths.rackFile, paths.socket, paths.processes, paths.site, paths.nodes]) {
    rmSync(path, { recursive: true, force: true });
  }
}
