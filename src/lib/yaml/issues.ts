import type { z } from "zod";
import { didYouMean } from "./did-you-mean.ts";
import { knownKeysAt } from "./known-keys.ts";

/** One thing wrong with a value: where in the value, what, and whether the key or its value is meant. */
export interface ValueProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly at: "key" | "value";
}

/** Checks a value and says every problem at once, in our words; a schema's own messages win. Values are never repeated. */
export function checkValue<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { readonly value: T } | { readonly problems: readonly ValueProblem[] } {
  const result = schema.safeParse(value, { error: words });
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap((issue) => problemsOf(schema, issue, [])) };
}

function words(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    return issue.input === undefined ? "is missing" : `expected ${issue.expected}, found ${kindOf(issue.input)}`;
  }
  if (issue.code === "invalid_value") {
    if (issue.input === undefined) return "is missing";
    const near = didYouMean(String(issue.input), issue.values.map(String));
    return `expected ${orList(issue.values.map(quoted))}${near === undefined ? "" : `; did you mean ${quoted(near)}?`}`;
  }
  if (issue.code === "invalid_union" && issue.input === undefined) return "is missing";
  return undefined;
}

function problemsOf(schema: z.ZodType, issue: z.core.$ZodIssue, base: readonly PropertyKey[]): readonly ValueProblem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = knownKeysAt(schema, path);
    return issue.keys.map((key) => {
      const near = didYouMean(key, known);
      const hint = near === undefined ? "" : `; did you mean ${quoted(near)}?`;
      return problem([...path, key], `unknown key${hint}`, "key");
    });
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const meant = nearestAlternative(issue.errors);
    return meant === undefined
      ? [problem(path, `expected ${orList([...new Set(issue.errors.flatMap(expectedKinds))])}`, "value")]
      : meant.flatMap((inner) => problemsOf(schema, inner, path));
  }
  if (issue.code === "invalid_key") {
    return issue.issues.map((inner) => problem(path, `this key is not allowed: ${inner.message}`, "key"));
  }
  if (issue.code === "invalid_element") return issue.issues.flatMap((inner) => problemsOf(schema, inner, path));
  return [problem(path, issue.message, "value")];
}

/** The alternative of a union that was most likely meant: the right kind of value, then the fewest problems. */
function nearestAlternative(
  alternatives: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  return alternatives
    .filter((issues) => !issues.some((issue) => issue.path.length === 0 && issue.code === "invalid_type"))
    .sort((a, b) => a.length - b.length)[0];
}

function expectedKinds(issues: readonly z.core.$ZodIssue[]): readonly string[] {
  return issues.flatMap((issue) => (issue.code === "invalid_type" ? [issue.expected] : []));
}

function problem(path: readonly PropertyKey[], message: string, at: "key" | "value"): ValueProblem {
  const plain = path.map((segment) => (typeof segment === "number" ? segment : String(segment)));
  const name = plain.reduce<string>(
    (text, segment) =>
      typeof segment === "number" ? `${text}[${segment}]` : text === "" ? segment : `${text}.${segment}`,
    "",
  );
  return { path: plain, message: name === "" ? message : `${name}: ${message}`, at };
}

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "array" : typeof value;
}

const quoted = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

function orList(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "something else") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}
