import { isIPv6 } from "node:net";
import { type Cluster, connectCluster } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Site, SiteNode } from "../../site/index.ts";
import type { connectNode, probeNode } from "../../talos/api/index.ts";
import { createMachine } from "../machine/machine.ts";
import { TrustBook } from "../machine/trust-book.ts";
import type { Machine } from "../machine/types.ts";
import { hardwareFor } from "../rack/hardware.ts";
import { releaseImages } from "../rack/release-images.ts";
import type { StockedImage } from "./bundle-stock.ts";
import type { RehearsalFault } from "./faults.ts";
import { createRehearsalInterior } from "./interior.ts";
import { MemoryDoor } from "./memory-door.ts";
import { RehearsalMirror } from "./mirror.ts";
import { Network } from "./network.ts";
import { polledWatch } from "./polled-watch.ts";
import { seededBytes } from "./seeded.ts";
import { SiteCluster } from "./site-cluster.ts";
import { timingsOf } from "./timings.ts";

/** A fault, and the first moment at which it made itself felt; undefined: never. */
export interface StruckFault {
  readonly fault: RehearsalFault;
  readonly at: Date | undefined;
}

/** A site in memory and in virtual time: its machines, the cable, the mirror, the cluster that they become. */
export interface RehearsalSite {
  readonly connectNode: typeof connectNode;
  readonly probeNode: typeof probeNode;
  readonly connectCluster: (how: { readonly kubeconfigYaml: string }) => Cluster;
  readonly mirror: RehearsalMirror;
  /** The address that the nodes see the laptop under. */
  readonly laptop: string;
  readonly faults: () => readonly StruckFault[];
  readonly machines: readonly Machine[];
  /** Switches everything off. */
  readonly close: () => Promise<void>;
}

export interface RehearsalSiteOptions {
  readonly site: Site;
  readonly stock: ReadonlyMap<string, StockedImage>;
  readonly clock: Clock;
  readonly seed: number;
  readonly faults: readonly RehearsalFault[];
}

/**
 * Machines as the site describes them, powered on, with the faults that are given. Nothing listens, nothing is written, and
 * nothing outside this process is asked for anything.
 *
 * @throws OperatorError LAB_DISK_IMPOSSIBLE, TALOS_RELEASE_UNKNOWN
 */
export function startRehearsalSite(options: RehearsalSiteOptions): RehearsalSite {
  const { site, stock, clock, faults } = options;
  const life = new AbortController();
  const struck = new Map<RehearsalFault, Date>();
  const strike = (fault: RehearsalFault | undefined) => {
    if (fault !== undefined && !struck.has(fault)) struck.set(fault, clock.now());
  };
  const missing = faults.flatMap((fault) => (fault.kind === "image-missing" ? [fault.image] : []));
  const mirror = new RehearsalMirror({
    clock,
    stock,
    missing: new Set(missing),
    onRefusal: (image) => strike(faults.find((fault) => fault.kind === "image-missing" && fault.image === image)),
  });
  const cluster = new SiteCluster({
    clock,
    mirror,
    release: releaseImages(site.talos, site.kubernetes),
    kubernetes: site.kubernetes,
    signal: life.signal,
  });
  const laptop = site.mirror.address ?? laptopAddress(site);
  const network = new Network({ clock, laptop });
  const trust = new TrustBook();
  const machines = site.nodes.map((node) => {
    const own = faults.filter((fault) => fault.kind !== "image-missing" && fault.node === node.name);
    const machine = plugIn(node, { ...options, cluster, network, trust, own, strike });
    for (const fault of own) watchFor(fault, machine, strike);
    machine.powerOn();
    return machine;
  });
  return {
    connectNode: network.connectNode,
    probeNode: network.probeNode,
    connectCluster: (how) => {
      const reached = connectCluster(how, { exchange: cluster.api.exchange });
      return {
        ...reached,
        watch: (selection, { signal }) => polledWatch(reached, selection, { clock: options.clock, signal }),
      };
    },
    mirror,
    laptop,
    machines,
    faults: () => faults.map((fault) => ({ fault, at: struck.get(fault) })),
    close: async () => {
      await Promise.all(machines.map((machine) => machine.close()));
      life.abort(new Error("the rehearsal is over"));
    },
  };
}

interface Surroundings extends RehearsalSiteOptions {
  readonly cluster: SiteCluster;
  readonly network: Network;
  readonly trust: TrustBook;
  readonly own: readonly RehearsalFault[];
  readonly strike: (fault: RehearsalFault | undefined) => void;
}

function plugIn(node: SiteNode, around: Surroundings): Machine {
  const { clock, seed, site, cluster, network, trust, own, strike } = around;
  const timings = timingsOf(seed, node.name);
  const door = new MemoryDoor({
    clock,
    onDrop: () => strike(own.find(({ kind }) => kind === "drop-connections")),
  });
  const machine: Machine = createMachine({
    name: node.name,
    address: node.address,
    port: door.port,
    door,
    hardware: hardwareFor(node, seed),
    interior: createRehearsalInterior({ cluster, timings, address: node.address }),
    clock,
    timings,
    random: seededBytes(seed, `machine/${node.name}`),
    faults: own.flatMap((fault) => (fault.kind === "image-missing" ? [] : [fault])),
    trust,
    timeServers: site.network.timeServers,
  });
  network.add({
    maintenanceAddress: node.maintenanceAddress ?? node.address,
    address: node.address,
    door,
    stage: () => machine.stage,
  });
  return machine;
}

/** When a machine shows what is wrong with it. */
function watchFor(fault: RehearsalFault, machine: Machine, strike: (fault: RehearsalFault) => void): void {
  switch (fault.kind) {
    case "dead":
      strike(fault);
      return;
    case "wrong-serial":
    case "clock":
      machine.onChange((stage) => {
        if (stage === "maintenance") strike(fault);
      });
      return;
    case "slow-disk":
    case "refuse-install":
      machine.onChange((stage) => {
        if (stage === "installing") strike(fault);
      });
      return;
    case "lose-power":
      machine.onChange((stage) => {
        if (stage === fault.at) strike(fault);
      });
      return;
    default:
  }
}

/** An address beside the nodes' that nobody has: the laptop's, where site.yaml does not say. */
function laptopAddress({ nodes, endpoint, network }: Site): string {
  const taken = new Set([
    endpoint,
    network.gateway,
    ...nodes.flatMap((node) => [node.address, node.maintenanceAddress]),
  ]);
  const first = nodes[0]?.address ?? "10.5.0.2";
  const separator = isIPv6(first) ? ":" : ".";
  const head = first.slice(0, first.lastIndexOf(separator));
  for (let last = 254; last > 0; last--) {
    const address = `${head}${separator}${isIPv6(first) ? last.toString(16) : last}`;
    if (!taken.has(address)) return address;
  }
  return first;
}
