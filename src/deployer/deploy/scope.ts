import type { ChartEngine } from "../charts/engine/index.ts";
import { checkValues, packageValues, resolveVariables, type Scope } from "../templates/index.ts";
import { actionsOf } from "./needs.ts";
import type { PackageRequest } from "./request.ts";

const limitBytes = 4 * 1024 * 1024;

/**
 * What templates, charts and actions of a package see at the beginning.
 *
 * @throws OperatorError PACKAGE_VARIABLE_INVALID, PACKAGE_VARIABLE_EXPOSED, PACKAGE_VALUES_INVALID
 */
export async function scopeOf(request: PackageRequest, engine: ChartEngine): Promise<Scope> {
  const { pkg, prompt, signal } = request;
  const { variables, constants, components } = pkg.definition;
  const otherNames = components.flatMap(({ charts, actions }) => [
    ...charts.flatMap((chart) => chart.variables.map(({ name }) => name)),
    ...actionsOf(actions.onDeploy).flatMap(({ setVariables }) => setVariables.map(({ name }) => name)),
  ]);
  const resolved = await resolveVariables(
    { packageName: pkg.name, variables, constants, otherNames },
    { layers: request.variables ?? [], engine, signal, ...(prompt === undefined ? {} : { prompt }) },
  );
  const [packageYaml, schema] = await Promise.all(
    ["values.yaml", "values.schema.json"].map((file) => textOf(request, file)),
  );
  const values = packageValues({ packageYaml, ...(request.values ?? { files: [], assignments: {} }) });
  if (schema !== undefined) checkValues(values, schema, pkg.name);
  return { ...resolved, values };
}

async function textOf({ pkg, signal }: PackageRequest, file: string): Promise<string | undefined> {
  return pkg.files.has(file) ? (await pkg.readFile(file, { limitBytes, signal })).toString("utf8") : undefined;
}
