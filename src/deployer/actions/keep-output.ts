import { isOperatorError } from "../../lib/errors/index.ts";
import type { JsonValue } from "../../lib/json.ts";
import { parseOutput, type Scope, setAt, type VariableValue, withVariable } from "../templates/index.ts";
import type { SetVariable } from "./action.ts";
import type { ActionContext } from "./action-context.ts";
import type { EffectiveCommand } from "./effective-action.ts";

/**
 * Gives the variables and values that an action names what its command printed, without the space around it. All or none.
 *
 * @returns why it cannot be done, which counts as a failed attempt; undefined when it was done
 */
export async function keepOutput(
  stdout: string,
  { setVariables, setValues }: EffectiveCommand,
  { engine, scope, signal }: ActionContext,
): Promise<string | undefined> {
  const output = stdout.trim();
  for (const { name, pattern } of setVariables) {
    if (pattern === undefined || pattern === "") continue;
    if (!(await engine.matchesPattern(pattern, output, { signal })))
      return `its output does not match ${pattern}, as variable ${name} must`;
  }
  const changes: ((before: Scope) => Scope)[] = setVariables.map(
    (variable) => (before) => withVariable(before, variable.name, variableValue(variable, output, before)),
  );
  for (const { key, type } of setValues) {
    let value: JsonValue;
    try {
      value = parseOutput(output, type ?? "string");
      // Tried before anything is changed; what lies in its way is the same then.
      setAt(scope.now().values, key ?? "", value);
    } catch (error) {
      if (!isOperatorError(error, "PACKAGE_VALUES_INVALID")) throw error;
      return `its output cannot become the value ${key ?? ""}: ${error.message}`;
    }
    changes.push((before) => ({ ...before, values: setAt(before.values, key ?? "", value) }));
  }
  scope.update((before) => changes.reduce((now, change) => change(now), before));
  return undefined;
}

function variableValue(
  { name, type, autoIndent, sensitive }: SetVariable,
  value: string,
  before: Scope,
): VariableValue {
  const wasSensitive = before.variables.get(name.toUpperCase())?.isSensitive ?? false;
  return {
    value,
    type: type ?? "raw",
    autoIndent: autoIndent ?? false,
    isSensitive: sensitive === true || wasSensitive,
    origin: { kind: "action" },
  };
}
