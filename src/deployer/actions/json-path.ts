import type { JsonValue } from "../../lib/json.ts";

type Step =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | {
      readonly kind: "where";
      readonly path: readonly Step[];
      readonly operator: string | undefined;
      readonly value: string;
    };

/**
 * What a JSONPath of kubectl finds in an object: `{.status.phase}`, `{.items[0].a}`, `{.a['b.c']}`, `{.a.b\.c}`, `{.a[*].b}`,
 * `{.status.conditions[?(@.type=="Ready")].status}`. Braces may be missing.
 *
 * @returns undefined where the path is none, or of a form that waits have no use for (ranges, unions, slices)
 * @see https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export function findByJsonPath(path: string, object: unknown): readonly JsonValue[] | undefined {
  const inner = /^\{(.*)\}$/s.exec(path.trim())?.[1] ?? path.trim();
  const steps = parseSteps(inner.replace(/^\$/, ""));
  return steps && follow([object as JsonValue], steps);
}

const word = /^\.?((?:[^.[\]\\'"=\s]|\\.)+)/;
const bracket = /^\[(?:(-?\d+)|(\*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|\?\((.+?)\))\]/;
const filter = /^@((?:\.(?:[^.[\]\\'"=!<>\s]|\\.)+|\['[^']*'\])+)\s*(?:(==|!=)\s*(.+))?$/;

function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== "") {
    const [whole, index, all, single, double, condition] = bracket.exec(rest) ?? [];
    if (whole !== undefined) {
      const step = bracketStep(index, all, single ?? double, condition);
      if (step === undefined) return undefined;
      steps.push(step);
      rest = rest.slice(whole.length);
      continue;
    }
    const [taken, key] = (steps.length > 0 && !rest.startsWith(".") ? null : word.exec(rest)) ?? [];
    if (taken === undefined || key === undefined) return undefined;
    steps.push(key === "*" ? { kind: "all" } : { kind: "key", key: key.replace(/\\(.)/g, "$1") });
    rest = rest.slice(taken.length);
  }
  return steps;
}

function bracketStep(
  index: string | undefined,
  all: string | undefined,
  key: string | undefined,
  condition: string | undefined,
): Step | undefined {
  if (index !== undefined) return { kind: "index", index: Number(index) };
  if (all !== undefined) return { kind: "all" };
  if (key !== undefined) return { kind: "key", key: key.replace(/\\(.)/g, "$1") };
  const [, path, operator, value = ""] = filter.exec(condition?.trim() ?? "") ?? [];
  const steps = path === undefined ? undefined : parseSteps(path);
  return steps && { kind: "where", path: steps, operator, value: value.trim().replace(/^(['"])(.*)\1$/s, "$2") };
}

function follow(found: readonly JsonValue[], steps: readonly Step[]): readonly JsonValue[] {
  return steps.reduce((values, step) => values.flatMap((value) => stepInto(value, step)), found);
}

function stepInto(value: JsonValue, step: Step): readonly JsonValue[] {
  if (typeof value !== "object" || value === null) return [];
  const items: readonly JsonValue[] = Array.isArray(value)
    ? (value as readonly JsonValue[])
    : Object.values(value).filter((item): item is JsonValue => item !== undefined);
  switch (step.kind) {
    case "all":
      return items;
    case "index": {
      const item = Array.isArray(value) ? items.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case "key": {
      if (Array.isArray(value) || !Object.hasOwn(value, step.key)) return [];
      const item = (value as { readonly [key: string]: JsonValue | undefined })[step.key];
      return item === undefined ? [] : [item];
    }
    case "where":
      return items.filter((item) => {
        const [first] = follow([item], step.path);
        if (step.operator === undefined) return first !== undefined;
        const isEqual = first !== undefined && printed(first) === step.value;
        return step.operator === "==" ? isEqual : !isEqual;
      });
  }
}

/** As kubectl prints a value: text as it is, everything else as JSON. */
export function printed(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
