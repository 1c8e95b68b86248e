import type { Cluster } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { type ActionMoment, type ActionOccasion, runActions } from "../actions/index.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import type { ClusterState } from "../state/index.ts";
import type { LiveScope } from "../templates/index.ts";
import { builtInsFor } from "./built-ins.ts";
import type { ComponentRun } from "./component-run.ts";
import type { DeployEvent } from "./events.ts";
import type { OpenWorkplace } from "./workplace.ts";

/** What the actions of a component act in. */
export interface ActionWorld {
  readonly component: ComponentDefinition;
  readonly scope: LiveScope;
  readonly engine: ChartEngine;
  /** Undefined: the package has nothing to do with one. */
  readonly cluster: Cluster | undefined;
  readonly state: ClusterState | undefined;
  readonly workplace: OpenWorkplace;
  readonly clock: Clock;
  readonly marker: string;
  readonly signal: AbortSignal;
  readonly tell: (event: DeployEvent) => void;
}

/** Runs what a component does on deployment at one moment. */
export async function runMoment({ run, component, signal }: ComponentRun, moment: ActionMoment): Promise<void> {
  const { scope, engine, site, workplace, clock, marker, tell } = run;
  const world = { component, scope, engine, workplace, clock, marker, signal, tell };
  await runActionsAt({ ...world, cluster: site?.cluster, state: site?.state }, "onDeploy", moment);
}

/** @throws OperatorError ACTION_… of the first that fails */
export async function runActionsAt(world: ActionWorld, occasion: ActionOccasion, moment: ActionMoment): Promise<void> {
  const { component, scope, engine, cluster, state, workplace, clock, marker, signal, tell } = world;
  const builtIns = builtInsFor(component, { state, isInCluster: cluster !== undefined, marker });
  await runActions(component.actions[occasion], moment, {
    scope,
    builtIns: builtIns.values,
    state: builtIns.state,
    engine,
    cluster,
    folder: workplace.folder,
    environment: workplace.environment,
    zarf: workplace.zarf,
    commands: workplace.commands,
    network: workplace.network,
    clock,
    signal,
    onEvent: (event) => tell({ kind: "action", component: component.name, event }),
  });
}
