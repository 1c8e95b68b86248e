import type { Cluster, KubeStreams } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ListedAction } from "../actions/index.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import type { PackageDefinition } from "../package/definition.ts";
import type { OpenPackage } from "../package/open-package.ts";
import type { ClusterState, StoredRecord } from "../state/index.ts";
import type { LiveScope } from "../templates/index.ts";
import type { DeployEvent } from "./events.ts";
import type { DeployOptions } from "./request.ts";
import type { OpenWorkplace } from "./workplace.ts";

/** A cluster as a deployment knows it. */
export interface Site {
  readonly cluster: Cluster;
  readonly streams: KubeStreams | undefined;
  readonly state: ClusterState | undefined;
  /** Images and repositories keep their names and are not pushed. */
  readonly isConnected: boolean;
  readonly before: StoredRecord | undefined;
}

/** What planning and deploying a package have in common, once everything that was asked for has been checked. */
export interface Run {
  readonly pkg: OpenPackage;
  /** With the chosen components only, in the chosen namespace. */
  readonly definition: PackageDefinition;
  /** Everything that its components run, on any occasion. */
  readonly actions: readonly ListedAction[];
  /** Names of all components of the package. */
  readonly known: ReadonlySet<string>;
  /** Undefined: the chosen components need none. */
  readonly site: Site | undefined;
  readonly scope: LiveScope;
  readonly engine: ChartEngine;
  readonly workplace: OpenWorkplace;
  readonly options: Required<DeployOptions>;
  /** As a digest: the package, its components, values and options. */
  readonly inputs: string;
  /** What pods with injected data wait for: `.zarf-injection-1795370840`. */
  readonly marker: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (event: DeployEvent) => void;
}
