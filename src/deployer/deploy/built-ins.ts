import type { JsonObject } from "../charts/engine/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import type { ClusterState } from "../state/index.ts";
import { builtInValues, emptyClusterState, stateOf, type TemplateValues } from "../templates/index.ts";

/** What a component's templates and actions know of the cluster. */
export interface BuiltIns {
  readonly values: TemplateValues;
  /** `.State`; undefined where there is no cluster. */
  readonly state: JsonObject | undefined;
}

/**
 * @param options.state - undefined where nobody has initialised the cluster: everything is empty then
 * @param options.isInCluster - a component of files and commands alone sees nothing of a cluster
 */
export function builtInsFor(
  component: ComponentDefinition,
  options: { readonly state: ClusterState | undefined; readonly isInCluster: boolean; readonly marker: string },
): BuiltIns {
  if (!options.isInCluster) return { values: new Map(), state: undefined };
  const state = options.state ?? emptyClusterState;
  return {
    values: builtInValues(state, { component: component.name, marker: options.marker }),
    state: stateOf(state, { access: component.stateAccess }),
  };
}
