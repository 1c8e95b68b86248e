import type { Bundle, openBundle } from "../bundle/index.ts";
import type { ChartEngine, Workplace } from "../deployer/index.ts";
import type { Cluster, KubeStreams } from "../kube/index.ts";
import type { Clock } from "../lib/clock.ts";
import type { readSecretVariables, Site } from "../site/index.ts";
import type { connectNode, probeNode } from "../talos/api/index.ts";
import type { SiteKeys } from "./site-keys.ts";
import type { serveBundle } from "./up/served-mirror.ts";

/** How machines are called. */
export interface NodePorts {
  readonly connectNode: typeof connectNode;
  readonly probeNode: typeof probeNode;
}

/** Files of the operator, UTF-8. @throws OperatorError FILE_UNREADABLE */
export type ReadText = (file: string) => Promise<string>;

/** Files that a journey keeps for itself, whole and readable by their owner only. */
export interface KeptTexts {
  /** undefined: there is none. */
  readonly find: (file: string) => Promise<string | undefined>;
  readonly write: (file: string, text: string) => Promise<void>;
}

/** Where the secrets of a site are. */
export interface KeyKeeper {
  readonly load: (site: Site, clock: Clock) => Promise<SiteKeys | undefined>;
  readonly mint: (clock: Clock) => Promise<SiteKeys>;
  readonly save: (site: Site, keys: SiteKeys) => Promise<void>;
}

/**
 * Everything that the phases of `up` reach outside of this program. `realPorts` is the world; a rehearsal gives a simulated one,
 * and then nothing of the site is dialled, read or written but site.yaml, its patches and the bundle.
 */
export interface JourneyPorts extends NodePorts {
  readonly connectCluster: (how: { readonly kubeconfigYaml: string }) => Cluster;
  /** Into pods; absent in a rehearsal, where nothing runs in them. */
  readonly connectStreams?: (how: { readonly kubeconfigYaml: string }, cluster: Cluster) => KubeStreams;
  readonly openBundle: (...how: Parameters<typeof openBundle>) => Promise<Bundle>;
  readonly mirrorAddress: (site: Site) => Promise<string>;
  readonly serveBundle: typeof serveBundle;
  readonly keys: KeyKeeper;
  readonly readText: ReadText;
  /** Helm's engine for charts of packages; made when the first package is looked at, closed at the end. */
  readonly createEngine: () => ChartEngine;
  /** Values of sensitive variables. @throws OperatorError SECRET_VARIABLES_… */
  readonly readSecrets: typeof readSecretVariables;
  /** Where actions of packages run and their files lie; default: this machine, in the folder of the command. */
  readonly workplace?: Workplace;
  readonly texts: KeptTexts;
}
