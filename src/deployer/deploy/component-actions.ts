import type { Cluster } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import type { ActionMoment, ActionOccasion } from "../actions/index.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import type { ComponentDefinition, PackageDefinition } from "../package/definition.ts";
import type { ClusterState } from "../state/index.ts";
import type { LiveScope } from "../templates/index.ts";
import type { ComponentRun } from "./deploy-component.ts";
import type { DeployEvent } from "./events.ts";
import type { Workplace } from "./request.ts";

/** What the actions of a component act in. */
export interface ActionWorld {
  readonly definition: PackageDefinition;
  readonly component: ComponentDefinition;
  readonly scope: LiveScope;
  readonly engine: ChartEngine;
  readonly cluster: Cluster | undefined;
  readonly state: ClusterState | undefined;
  readonly workplace: Workplace;
  readonly clock: Clock;
  readonly marker: string;
  readonly signal: AbortSignal;
  readonly tell: (event: DeployEvent) => void;
}

export async function runMoment({ run, component, signal }: ComponentRun, moment: ActionMoment): Promise<void> {
  const { definition, scope, engine, site, workplace, clock, marker, tell } = run;
  const world = { definition, component, scope, engine, workplace, clock, marker, signal, tell };
  await runActionsAt({ ...world, cluster: site?.cluster, state: site?.state }, "onDeploy", moment);
}

export async function runActionsAt(
  world: ActionWorld,
  _occasion: ActionOccasion,
  _moment: ActionMoment,
): Promise<void> {
  throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `component ${world.component.name} uses actions`);
}
