import type { Bundle } from "../../bundle/index.ts";
import type { ChartEngine } from "../../deployer/index.ts";
import type { Cluster, KubeStreams } from "../../kube/index.ts";
import type { Site } from "../../site/index.ts";
import type { Journal } from "../engine/index.ts";
import type { GivenConfig } from "../given-config.ts";
import type { JourneyPorts } from "../ports.ts";
import type { SiteKeys } from "../site-keys.ts";
import type { JourneyWorld } from "../world.ts";
import type { ServedMirror } from "./served-mirror.ts";

/** What the phases of `up` share. */
export interface UpContext {
  readonly site: Site;
  readonly bundle: Bundle;
  /** `STATE/sites/NAME`: kubeconfig, talosconfig, journal, the mirror's log. */
  readonly stateFolder: string;
  readonly journal: Journal;
  readonly world: JourneyWorld;
  readonly ports: JourneyPorts;
  /** What earlier phases opened or worked out for later ones; never a reason to skip a look. */
  readonly memory: UpMemory;
}

export interface UpMemory {
  keys?: SiteKeys;
  mirror?: ServedMirror;
  mirrorUrl?: string;
  /** Since when this run serves the mirror, in ms since the epoch. */
  mirrorSinceMs?: number;
  /** What machines in maintenance were when this run gave them their config, by name. */
  given?: ReadonlyMap<string, GivenConfig>;
  /** Machine config of each node, by name. */
  configs?: ReadonlyMap<string, string>;
  cluster?: Cluster;
  engine?: ChartEngine;
  /** Into its pods; none in a rehearsal. */
  streams?: KubeStreams;
  /** Packages of the site that are deployed, in their order. */
  packages?: readonly { readonly name: string; readonly version: string; readonly state: string }[];
}

/** Helm's engine for this run; it loads nothing before a package needs it. */
export function engineOf(context: UpContext): ChartEngine {
  context.memory.engine ??= context.ports.createEngine();
  return context.memory.engine;
}

/** A value that an earlier phase must have put into memory; its absence is a bug in the order of phases. */
export function remembered<K extends keyof UpMemory>(context: UpContext, key: K): NonNullable<UpMemory[K]> {
  const value = context.memory[key];
  if (value === undefined) throw new Error(`phase order: ${key} is not known yet`);
  return value;
}
