import type { JsonObject } from "../charts/engine/index.ts";
import type { TemplateValue, TemplateValues } from "./template-value.ts";

/** Where a variable's value comes from, for plans: "default of the package", "zarf-config.toml". */
export interface VariableValue extends Required<TemplateValue> {
  readonly origin: VariableOrigin;
}

export type VariableOrigin =
  | { readonly kind: "given" | "prompt" | "default" | "action" }
  /** The file that says it. */
  | { readonly kind: "config" | "secrets" | "site"; readonly file: string }
  /** The environment variable that says it. */
  | { readonly kind: "environment"; readonly name: string };

/** What a package's templates, charts and actions see at one moment of a deployment. Names are upper case. */
export interface Scope {
  readonly variables: ReadonlyMap<string, VariableValue>;
  readonly constants: ReadonlyMap<string, TemplateValue>;
  /** Package values (`.Values`). */
  readonly values: JsonObject;
}

export const emptyScope: Scope = { variables: new Map(), constants: new Map(), values: {} };

/** The scope of a running deployment: actions add to it, whoever comes after them sees that. */
export interface LiveScope {
  readonly now: () => Scope;
  readonly update: (change: (scope: Scope) => Scope) => void;
}

export function createLiveScope(initial: Scope): LiveScope {
  let scope = initial;
  return {
    now: () => scope,
    update: (change) => {
      scope = change(scope);
    },
  };
}

/** The scope with one variable more, or with another value. */
export function withVariable(scope: Scope, name: string, value: VariableValue): Scope {
  return { ...scope, variables: new Map([...scope.variables, [name.toUpperCase(), value]]) };
}

/**
 * Every value that text templates and the environment of actions know, by key: variables, constants and the built-ins of the
 * component.
 */
export function templateValues(scope: Scope, builtIns: TemplateValues): TemplateValues {
  const keyed = <T>(prefix: string, values: ReadonlyMap<string, T>): (readonly [string, T])[] =>
    [...values].map(([name, value]) => [`${prefix}_${name}`, value] as const);
  return new Map([...builtIns, ...keyed("VAR", scope.variables), ...keyed("CONST", scope.constants)]);
}

/** Every text that must not be shown, longest first; empty ones are left out. */
export function sensitiveTexts(values: Iterable<TemplateValue>): readonly string[] {
  const texts = [...values].filter(({ isSensitive, value }) => isSensitive === true && value !== "");
  return [...new Set(texts.map(({ value }) => value))].sort((a, b) => b.length - a.length);
}
