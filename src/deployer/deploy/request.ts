import type { Cluster, KubeStreams } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { CommandRunner, NetworkProbe } from "../actions/index.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import type { OpenPackage } from "../package/open-package.ts";
import type { LeaseHolder } from "../state/index.ts";
import type { DeclaredVariable, loadFileValues, ValuesSources, VariableLayer } from "../templates/index.ts";
import type { DeployEvent } from "./events.ts";
import type { SelectionQuestions } from "./select-components.ts";

/** How a package is to be deployed. */
export interface DeployOptions {
  /** Names and globs; a leading `-` leaves out. Default: required and default components. */
  readonly components?: readonly string[];
  /** Every chart and manifest into this namespace. Default: as the package says. */
  readonly namespace?: string;
  /** Images and repositories keep their names and are not pushed. Default: only where the cluster has no registry. */
  readonly isConnected?: boolean;
  /** Adopt objects and namespaces that belong to others. Default false. */
  readonly takeOwnership?: boolean;
  /** Take over fields that other managers have set. Default false. */
  readonly forceConflicts?: boolean;
  /** For each release and for the health checks of each component; default 900 000 (15 minutes), as Zarf waits. */
  readonly timeoutMs?: number;
  /** Remove what an earlier version brought and this one does not. Default true. */
  readonly prune?: boolean;
}

/** The machine that deploys: what a package's actions and files act on. */
export interface Workplace {
  /** Where actions run and relative targets of files lie. */
  readonly folder: string;
  readonly commands: CommandRunner;
  readonly network: NetworkProbe;
  /** What commands see besides the environment of this process: `KUBECONFIG`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where programs are looked for that stand in for tools of `./zarf`; absent: actions that call it are refused. */
  readonly path?: string;
  /** Answers `./zarf tools wait-for …`. */
  readonly program?: readonly string[];
  /** A rehearsal: files stay where they are, and what commands call is taken to be there. Default false. */
  readonly isPretended?: boolean;
  /** Reads the files of variables of the type `file`; default: from this machine. */
  readonly loadFiles?: typeof loadFileValues;
}

/** A package, a cluster, and what was asked for. */
export interface PackageRequest {
  readonly pkg: OpenPackage;
  /** Undefined only where no component needs one: DEPLOY_CLUSTER_MISSING else. */
  readonly cluster: Cluster | undefined;
  /** Default: one is made when the first chart is met, and closed at the end. */
  readonly engine?: ChartEngine;
  /** Into pods and to a registry inside the cluster; absent: what needs them is refused. */
  readonly streams?: KubeStreams;
  /** Where values of variables come from; earlier ones win. Default: the variables' own defaults. */
  readonly variables?: readonly VariableLayer[];
  /** Asks a person for a variable that nobody gave. Absent: nobody can be asked. */
  readonly prompt?: (variable: DeclaredVariable) => Promise<string>;
  /** Package values over the package's own. */
  readonly values?: Omit<ValuesSources, "packageYaml">;
  readonly options?: DeployOptions;
  /** Absent: nobody can be asked. */
  readonly questions?: SelectionQuestions;
  /** Default: this process in its folder. */
  readonly workplace?: Workplace;
  /** Default: this user, host and process. */
  readonly self?: LeaseHolder;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: DeployEvent) => void;
}
