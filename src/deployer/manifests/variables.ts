import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import type { PackageDefinition } from "../package/definition.ts";
import type { TemplateValue } from "./text-template.ts";

/** Values for a package's variables, by name: `{DOMAIN: "windpark-7.example"}`. */
export type PackageVariables = Readonly<Record<string, string>>;

function matches(pattern: string, value: string): boolean | undefined {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return undefined;
  }
}

/**
 * The values that templates see: what the site gives, else the variable's default, else nothing; constants as they are.
 *
 * @param options.mayLack - a variable that only the site can give is not held against its pattern yet; default false
 * @returns by template key, `VAR_DOMAIN` and `CONST_TITLE`
 * @throws OperatorError PACKAGE_VARIABLE_INVALID listing every problem, never with a value
 */
export function resolveVariables(
  definition: PackageDefinition,
  given: PackageVariables,
  options: { readonly mayLack?: boolean } = {},
): ReadonlyMap<string, TemplateValue> {
  const { name } = definition.metadata;
  const problems: Problem[] = [];
  const check = (what: string, value: string, pattern: string | undefined) => {
    if (pattern === undefined || pattern === "") return;
    const isMatch = matches(pattern, value);
    if (isMatch === undefined) problems.push({ message: `the pattern of ${what} is not understood: ${pattern}` });
    else if (!isMatch) problems.push({ message: `the value of ${what} does not match ${pattern}` });
  };
  const values = new Map<string, TemplateValue>();
  for (const variable of definition.variables) {
    const value = given[variable.name] ?? variable.default ?? "";
    const isLacking = given[variable.name] === undefined && variable.default === undefined;
    if (!(isLacking && options.mayLack === true)) check(`variable ${variable.name}`, value, variable.pattern);
    values.set(`VAR_${variable.name}`, { value, autoIndent: variable.autoIndent });
  }
  for (const constant of definition.constants) {
    check(`constant ${constant.name}`, constant.value, constant.pattern);
    values.set(`CONST_${constant.name}`, { value: constant.value, autoIndent: constant.autoIndent });
  }
  const known = definition.variables.map((variable) => variable.name);
  for (const unknown of Object.keys(given).filter((key) => !known.includes(key)))
    problems.push({
      message: `it has no variable ${unknown}; its variables: ${known.length === 0 ? "none" : known.join(", ")}`,
    });
  if (problems.length > 0)
    throw new OperatorError(
      "PACKAGE_VARIABLE_INVALID",
      `package ${name}: ${problems.map(({ message }) => message).join("; ")}`,
      { problems, next: [`correct variables of package ${name} in site.yaml and run the same command again`] },
    );
  return values;
}
