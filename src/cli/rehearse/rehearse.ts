import { type Bundle, checkTrust } from "../../bundle/index.ts";
import { createChartEngine, loadFileValues } from "../../deployer/index.ts";
import type { JourneyEvent, SimulatedPorts, UpRehearsal } from "../../journeys/index.ts";
import { rehearseUp } from "../../journeys/index.ts";
import {
  checkFaults,
  drawFaults,
  type FaultLevel,
  type RehearsalFault,
  type RehearsalSite,
  type StruckFault,
  seededNumbers,
  startRehearsalSite,
  stockOf,
  VirtualTime,
} from "../../lab/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { loadSite, readSecretVariables, type Site } from "../../site/index.ts";
import { outsideEngine } from "./outside-engine.ts";

export interface RehearsalRequest {
  readonly siteFile: string;
  /** Open; it stays open. */
  readonly bundle: Bundle;
  readonly seed: number;
  /** Drawn by the seed, unless `faults` names them. */
  readonly level: FaultLevel;
  readonly faults: readonly RehearsalFault[];
  readonly concurrency: number;
}

export interface Rehearsal {
  readonly site: Site;
  readonly up: UpRehearsal;
  /** What `up` does when it is run again in the same place, as often as was asked for. */
  readonly again: readonly UpRehearsal[];
  readonly faults: readonly StruckFault[];
  /** When `up` was begun, in virtual time. */
  readonly startedAt: Date;
}

/** Every rehearsal begins then, so that its times are the same whenever it is run. */
const START = new Date("2026-01-01T00:00:00.000Z");
/** How long the machines have been on when `up` is run: a person boots them first. */
const BOOTED_MS = 5 * 60_000;

/**
 * Brings a site up in memory and in virtual time, with the real journey against simulated machines.
 *
 * @param options.again - how often `up` is run again afterwards; default never
 * @param options.onLeap - called whenever time passes; for tests
 * @throws OperatorError REHEARSAL_FAULT_UNKNOWN, those of the site, of trust, and LAB_DISK_IMPOSSIBLE
 */
export async function rehearse(
  request: RehearsalRequest,
  options: {
    readonly signal: AbortSignal;
    readonly onEvent?: (event: JourneyEvent) => void;
    readonly again?: number;
    readonly onLeap?: () => void;
  },
): Promise<Rehearsal> {
  const { siteFile, bundle, seed, level, concurrency } = request;
  const site = await loadSite(siteFile);
  const stock = stockOf(bundle);
  const field = { nodes: site.nodes.map((node) => node.name), images: [...stock.keys()] };
  checkFaults(request.faults, field);
  const faults = request.faults.length > 0 ? request.faults : drawFaults(seed, level, field);
  const time = new VirtualTime({ start: START, ...(options.onLeap === undefined ? {} : { onLeap: options.onLeap }) });
  const { clock } = time;
  const simulated = startRehearsalSite({ site, stock, clock, seed, faults });
  const { signal } = options;
  const world = {
    clock,
    random: seededNumbers(seed, "journey"),
    signal,
    notice: () => undefined,
    cacheDir: "",
    concurrency,
  };
  try {
    const journey = rehearseUp({ siteFile, bundleFile: bundle.file }, world, portsOf(simulated, bundle, time));
    await time.run(async () => await clock.sleep(BOOTED_MS, { signal }));
    const startedAt = clock.now();
    const up = await journey.run(time, options.onEvent);
    const again: UpRehearsal[] = [];
    while (again.length < (options.again ?? 0) && !signal.aborted) again.push(await journey.run(time, options.onEvent));
    return { site, up, again, faults: simulated.faults(), startedAt };
  } finally {
    await time.run(async () => await simulated.close());
  }
}

function portsOf(simulated: RehearsalSite, bundle: Bundle, time: VirtualTime): SimulatedPorts {
  const { connectNode, probeNode, connectCluster, laptop } = simulated;
  return {
    connectNode,
    probeNode,
    connectCluster,
    mirrorAddress: async () => laptop,
    openBundle: async (_file, { trust }) => {
      if (trust !== undefined) checkTrust(bundle, trust);
      return sharedBundle(bundle, time);
    },
    serveBundle: async ({ site, address }) => {
      const host = `${address.includes(":") ? `[${address}]` : address}:${site.mirror.port}`;
      return serve(simulated, host, site.mirror.port);
    },
    readText: async (file) => await time.outside(async () => await readTextFile(file)),
    createEngine: () => outsideEngine(createChartEngine(), time),
    readSecrets: async (...call) => await time.outside(async () => await readSecretVariables(...call)),
    workplace: rehearsalWorkplace(time),
  };
}

/** Actions of packages are taken to succeed, and nothing of them is run; files stay where they are. */
function rehearsalWorkplace(time: VirtualTime): NonNullable<SimulatedPorts["workplace"]> {
  return {
    folder: process.cwd(),
    commands: { platform: "linux", run: async () => await Promise.resolve({ exitCode: 0, stdout: "" }) },
    network: { tcp: async () => await Promise.resolve(undefined), http: async () => await Promise.resolve(undefined) },
    isPretended: true,
    loadFiles: async (...call) => await time.outside(async () => await loadFileValues(...call)),
  };
}

function serve({ mirror }: RehearsalSite, host: string, port: number) {
  const url = `https://${host}`;
  const close = async () => mirror.close();
  mirror.open(host);
  const stats = () => ({ ...mirror.tally(), active: mirror.active });
  return {
    mirror: { url, port, stats, close },
    url,
    lastRequestMs: (address: string) => mirror.lastRequestMs(address),
    problem: () => undefined,
    tally: () => mirror.tally(),
    close,
  };
}

/** The one open file for all runs: what is read of it takes no virtual time, and closing is its owner's matter. */
function sharedBundle(bundle: Bundle, time: VirtualTime): Bundle {
  return {
    ...bundle,
    verifiedBlob: async function* (digest, { signal }) {
      const blob = bundle.verifiedBlob(digest, { signal })[Symbol.asyncIterator]();
      for (;;) {
        const next = await time.outside(async () => await blob.next());
        if (next.done === true) return;
        yield next.value;
      }
    },
    open: async function* (digest, options) {
      const blob = bundle.open(digest, options)[Symbol.asyncIterator]();
      for (;;) {
        const next = await time.outside(async () => await blob.next());
        if (next.done === true) return;
        yield next.value;
      }
    },
    close: async () => {},
  };
}
