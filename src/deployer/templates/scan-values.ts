import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import type { JsonObject } from "../charts/engine/index.ts";
import { isMap, type Known, knownOf, unknown, withUnknown } from "./go-syntax/known-values.ts";
import { undefinedValues } from "./scan-template.ts";
import { pathKeys } from "./value-path.ts";

/** What a deployment does with package values, in its order. */
export type ValueUse =
  /** A Go template and who has it: `component "web", file "/etc/web.conf"`. */
  | { readonly kind: "template"; readonly where: string; readonly text: string }
  /** A value that a chart maps. */
  | { readonly kind: "maps"; readonly where: string; readonly sourcePath: string }
  /** An action sets what lies at a path. */
  | { readonly kind: "sets"; readonly key: string };

/**
 * Finds, before anything is deployed, every package value that is used and that neither the values nor an earlier action define.
 *
 * @throws OperatorError PACKAGE_VALUES_UNDEFINED listing every one with the place that uses it, and templates that are none
 */
export function scanValues(uses: readonly ValueUse[], values: JsonObject, packageName: string): void {
  let known: Known = knownOf(values);
  const problems: Problem[] = [];
  for (const use of uses) {
    if (use.kind === "sets") known = withUnknown(known, pathKeys(use.key));
    else if (use.kind === "maps") {
      if (!isDefined(known, pathKeys(use.sourcePath)))
        problems.push({ message: `${use.where} maps .Values${use.sourcePath === "." ? "" : use.sourcePath}` });
    } else problems.push(...templateProblems(use, known));
  }
  if (problems.length === 0) return;
  throw new OperatorError(
    "PACKAGE_VALUES_UNDEFINED",
    `package ${packageName} uses values that nobody defines: ${problems.map(({ message }) => message).join("; ")}`,
    { problems, next: ["define them with --values or --set-values, also where they are to be empty"] },
  );
}

function templateProblems(
  { where, text }: { readonly where: string; readonly text: string },
  known: Known,
): readonly Problem[] {
  try {
    return [...undefinedValues(text, known)].map((path) => ({ message: `${where} uses ${path}` }));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [{ message: `${where} is no Go template: ${error.message}` }];
  }
}

function isDefined(values: Known, keys: readonly string[]): boolean {
  let found = values;
  for (const key of keys) {
    if (found === unknown) return true;
    if (!isMap(found) || !Object.hasOwn(found, key)) return false;
    found = found[key] ?? null;
  }
  return true;
}
