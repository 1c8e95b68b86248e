import { isOperatorError, OperatorError, type Problem } from "../../lib/errors/index.ts";
import { didYouMean } from "../../lib/yaml/did-you-mean.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import type { Scope, VariableOrigin, VariableValue } from "./scope.ts";
import type { TemplateValue } from "./template-value.ts";

/** A variable as a package declares it. */
export interface DeclaredVariable {
  readonly name: string;
  readonly default?: string | undefined;
  readonly description?: string | undefined;
  readonly prompt?: boolean | undefined;
  readonly sensitive?: boolean | undefined;
  readonly autoIndent?: boolean | undefined;
  /** Go RE2, not anchored. */
  readonly pattern?: string | undefined;
  readonly type?: "raw" | "file" | undefined;
}

export interface DeclaredConstant {
  readonly name: string;
  readonly value: string;
  readonly autoIndent?: boolean | undefined;
  readonly pattern?: string | undefined;
}

/** What a package says of its variables. */
export interface Declarations {
  readonly packageName: string;
  readonly variables: readonly DeclaredVariable[];
  readonly constants: readonly DeclaredConstant[];
  /** Names that only actions set or charts take; giving them is no mistake. */
  readonly otherNames?: readonly string[];
}

/** One place that values come from; earlier ones win. Names are taken in any case. */
export interface VariableLayer {
  readonly origin: VariableOrigin;
  readonly values: Readonly<Record<string, string>>;
  /** Whether a name that the package does not have is held against it. Default: false, because one file serves many packages. */
  readonly isForThisPackage?: boolean;
}

export interface ResolveOptions {
  readonly layers: readonly VariableLayer[];
  readonly engine: Pick<ChartEngine, "matchesPattern">;
  /** Asks a person on a terminal, for variables with `prompt: true` that nobody gave. */
  readonly prompt?: (variable: DeclaredVariable) => Promise<string>;
  /** A variable that only somebody can give is not held against its pattern yet. Default: false. */
  readonly mayLack?: boolean;
  readonly signal: AbortSignal;
}

type Resolved = Pick<Scope, "variables" | "constants">;

/**
 * The values of a package's variables: the first layer that has one, else the answer of a person, else the default, else
 * nothing; and its constants. A sensitive variable comes from a secrets file or a person, never from a flag, the environment or site.yaml.
 *
 * @throws OperatorError PACKAGE_VARIABLE_INVALID, PACKAGE_VARIABLE_EXPOSED, each listing every problem, never with a value
 */
export async function resolveVariables(declared: Declarations, options: ResolveOptions): Promise<Resolved> {
  const { packageName } = declared;
  const layers = options.layers.map((layer) => ({ ...layer, values: upperCased(layer.values) }));
  refuseExposed(declared, layers);
  const problems: Problem[] = unknownNames(declared, layers);
  const variables = new Map<string, VariableValue>();
  for (const layer of layers.toReversed())
    for (const [name, value] of Object.entries(layer.values)) variables.set(name, plain(value, layer.origin));
  for (const variable of declared.variables) {
    const name = variable.name.toUpperCase();
    const given = variables.get(name) ?? (await ask(variable, options));
    const value = given ?? plain(variable.default ?? "", { kind: "default" });
    variables.set(name, { ...value, ...traits(variable) });
    if (given === undefined && variable.default === undefined && options.mayLack === true) continue;
    problems.push(...(await mismatch(`variable ${name}`, value.value, variable.pattern, options)));
  }
  const constants = new Map<string, TemplateValue>();
  for (const { name, value, autoIndent, pattern } of declared.constants) {
    constants.set(name.toUpperCase(), { value, autoIndent: autoIndent ?? false });
    problems.push(...(await mismatch(`constant ${name}`, value, pattern, options)));
  }
  if (problems.length > 0)
    throw new OperatorError(
      "PACKAGE_VARIABLE_INVALID",
      `package ${packageName}: ${problems.map(({ message }) => message).join("; ")}`,
      { problems, next: [`correct the variables of package ${packageName} and run the same command again`] },
    );
  return { variables, constants };
}

const plain = (value: string, origin: VariableOrigin): VariableValue => ({
  value,
  origin,
  type: "raw",
  autoIndent: false,
  // A secrets file may name variables that only actions know.
  isSensitive: origin.kind === "secrets",
});

function traits({ type, autoIndent, sensitive }: DeclaredVariable) {
  return { type: type ?? "raw", autoIndent: autoIndent ?? false, isSensitive: sensitive ?? false } as const;
}

async function ask(variable: DeclaredVariable, { prompt }: ResolveOptions): Promise<VariableValue | undefined> {
  if (variable.prompt !== true || prompt === undefined) return undefined;
  return plain(await prompt(variable), { kind: "prompt" });
}

function upperCased(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toUpperCase(), value]));
}

/** Whether `value` fits its pattern; an empty pattern fits all. Values stay out of the messages. */
async function mismatch(
  what: string,
  value: string,
  pattern: string | undefined,
  { engine, signal }: ResolveOptions,
): Promise<readonly Problem[]> {
  if (pattern === undefined || pattern === "") return [];
  try {
    const isMatch = await engine.matchesPattern(pattern, value, { signal });
    return isMatch ? [] : [{ message: `the value of ${what} does not match ${pattern}` }];
  } catch (error) {
    if (!isOperatorError(error, "CHART_PATTERN_INVALID")) throw error;
    return [{ message: `the pattern of ${what} is not a Go regular expression: ${pattern}` }];
  }
}

/** How a value was given where others can read it; a site.yaml is kept in Git and handed around. */
function exposedBy(origin: VariableOrigin): string | undefined {
  if (origin.kind === "given") return "on the command line";
  if (origin.kind === "environment") return `by the environment (${origin.name})`;
  return origin.kind === "site" ? `in ${origin.file}` : undefined;
}

function refuseExposed(declared: Declarations, layers: readonly VariableLayer[]): void {
  const secret = declared.variables.filter(({ sensitive }) => sensitive === true).map(({ name }) => name.toUpperCase());
  const problems = layers.flatMap(({ origin, values }) => {
    const by = exposedBy(origin);
    if (by === undefined) return [];
    return secret.filter((name) => name in values).map((name) => ({ message: `${name} was given ${by}` }));
  });
  if (problems.length === 0) return;
  throw new OperatorError(
    "PACKAGE_VARIABLE_EXPOSED",
    `package ${declared.packageName}: sensitive variables come from a file or a prompt: ${problems.map(({ message }) => message).join("; ")}`,
    {
      problems,
      next: ["--secrets-from FILE   a file with NAME: value (0600, or encrypted with age); in site.yaml: secretsFrom"],
    },
  );
}

function unknownNames(declared: Declarations, layers: readonly VariableLayer[]): Problem[] {
  const own = declared.variables.map(({ name }) => name.toUpperCase());
  const known = new Set([...own, ...(declared.otherNames ?? []).map((name) => name.toUpperCase())]);
  const names = layers.filter((layer) => layer.isForThisPackage === true).flatMap(({ values }) => Object.keys(values));
  return [...new Set(names)]
    .filter((name) => !known.has(name))
    .map((name) => {
      const near = didYouMean(name, [...known]);
      const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
      return {
        message: `it has no variable ${name}${hint}; its variables: ${own.length === 0 ? "none" : own.join(", ")}`,
      };
    });
}
