import type { ChartEngine } from "../charts/engine/index.ts";
import type { PackageDefinition } from "../package/definition.ts";
import { createLiveScope, type LiveScope, resolveVariables, type VariableLayer } from "../templates/index.ts";
import { actionsOf } from "./needs.ts";

/** What actions on removal see: the package's constants, and its variables as far as somebody gives them again. */
export async function removalScope(
  request: { readonly variables?: readonly VariableLayer[]; readonly signal: AbortSignal },
  definition: PackageDefinition,
  engine: ChartEngine,
): Promise<LiveScope> {
  const { metadata, variables, constants, components } = definition;
  const otherNames = components.flatMap(({ actions }) =>
    actionsOf(actions.onDeploy).flatMap(({ setVariables }) => setVariables.map(({ name }) => name)),
  );
  const resolved = await resolveVariables(
    { packageName: metadata.name, variables, constants, otherNames },
    { layers: request.variables ?? [], engine, mayLack: true, signal: request.signal },
  );
  return createLiveScope({ ...resolved, values: {} });
}
