import { OperatorError } from "../../lib/errors/index.ts";
import type { JsonObject } from "../charts/engine/index.ts";
import type { Scope } from "./scope.ts";
import { setAt, valueAt, without } from "./value-path.ts";

/** What a package says of the values of one chart. */
export interface ChartValuesDefinition {
  readonly name: string;
  /** Variables by the path that they go to: `ingress.host`. */
  readonly variables: readonly { readonly name: string; readonly path: string }[];
  /** Package values by the path that they go to. */
  readonly values: readonly {
    readonly sourcePath: string;
    readonly targetPath: string;
    readonly excludePaths: readonly string[];
  }[];
}

/**
 * The values that go over a chart's values files: each variable that is set, as text at its path, then the package values that
 * are mapped, in order; maps are merged.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID for a path that cannot be used, PACKAGE_VALUES_UNDEFINED for a source that is not there
 */
export function chartValues(chart: ChartValuesDefinition, scope: Scope): JsonObject {
  let values: JsonObject = {};
  for (const { name, path } of chart.variables) {
    const variable = scope.variables.get(name.toUpperCase());
    if (variable !== undefined) values = setAt(values, `.${path}`, variable.value);
  }
  for (const { sourcePath, targetPath, excludePaths } of chart.values) {
    const source = valueAt(excludePaths.reduce(without, scope.values), sourcePath);
    if (source === undefined)
      throw new OperatorError(
        "PACKAGE_VALUES_UNDEFINED",
        `chart ${chart.name} maps ${sourcePath} to ${targetPath}, and there is no such package value`,
        { next: [`--set-values ${sourcePath.slice(1)}=VALUE   defines it`] },
      );
    values = setAt(values, targetPath, source);
  }
  return values;
}
