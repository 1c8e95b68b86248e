import { isMap, type Known, truthOf, unknown } from "./go-syntax/known-values.ts";
import {
  type Node,
  type Operand,
  type ParsedTemplate,
  type Pipeline,
  parseTemplate,
} from "./go-syntax/parse-template.ts";

/** Loops are looked at this often, templates that call each other this deep. */
const maxRounds = 100;
const maxDepth = 20;

/** A value, and how a person would write where it comes from. */
interface Found {
  readonly value: Known;
  /** `.Values.app`; undefined for what was computed. */
  readonly path: string | undefined;
}

interface Frame {
  readonly dot: Found;
  readonly variables: ReadonlyMap<string, { current: Found }>;
  /** Whether this is run in any case, as far as values tell. */
  readonly isCertain: boolean;
  readonly depth: number;
}

const nothing: Found = { value: unknown, path: undefined };

/**
 * The package values that a template uses and nobody defines, as `.Values.app.name`: it is run as far as the values tell, with
 * `with`, `range`, variables and conditions that can be judged. Where it cannot be told whether a place is reached, only references
 * straight from the root are held against it, as Zarf does.
 *
 * @param values - package values; what only actions set is unknown
 * @throws SyntaxError for what is no Go template
 */
export function undefinedValues(text: string, values: Known): ReadonlySet<string> {
  const template = parseTemplate(text);
  const missing = new Set<string>();
  const root: Found = { value: { Values: values }, path: "" };
  walk(
    template.nodes,
    { dot: root, variables: new Map([["$", { current: root }]]), isCertain: true, depth: 0 },
    {
      template,
      missing,
    },
  );
  return missing;
}

interface Scan {
  readonly template: ParsedTemplate;
  readonly missing: Set<string>;
}

function walk(nodes: readonly Node[], start: Frame, scan: Scan): void {
  let frame = start;
  for (const node of nodes) {
    switch (node.kind) {
      case "action":
        frame = declared(node.pipeline, evaluate(node.pipeline, frame, scan), frame);
        break;
      case "template": {
        const dot = node.pipeline === undefined ? nothing : evaluate(node.pipeline, frame, scan);
        const body = scan.template.defines.get(node.name);
        const variables = new Map([["$", { current: dot }]]);
        if (body !== undefined && frame.depth < maxDepth)
          walk(body, { dot, variables, isCertain: frame.isCertain, depth: frame.depth + 1 }, scan);
        break;
      }
      case "leave":
        // What follows may not be reached.
        frame = { ...frame, isCertain: false };
        break;
      default:
        branch(node, frame, scan);
    }
  }
}

function branch(node: Extract<Node, { readonly kind: "if" | "with" | "range" }>, frame: Frame, scan: Scan): void {
  const found = evaluate(node.pipeline, frame, scan);
  if (node.kind === "range" && found.value !== unknown && typeof found.value !== "number") {
    const rounds = itemsOf(found).slice(0, maxRounds);
    const isCertain = frame.isCertain && !leaves(node.body);
    for (const [key, item] of rounds)
      walk(node.body, { ...loopFrame(node.pipeline, key, item, frame), isCertain }, scan);
    if (rounds.length === 0) walk(node.otherwise, frame, scan);
    return;
  }
  const truth = truthOf(found.value);
  const isCertain = frame.isCertain && truth !== undefined;
  const inner = declared(node.pipeline, found, { ...frame, isCertain });
  const dot = node.kind === "with" ? found : node.kind === "range" ? nothing : frame.dot;
  if (truth !== false) walk(node.body, { ...inner, dot }, scan);
  if (truth !== true) walk(node.otherwise, { ...inner, dot: frame.dot }, scan);
}

function itemsOf({ value, path }: Found): readonly (readonly [string, Found])[] {
  const of = (key: string, item: Known, way: string): readonly [string, Found] => [
    key,
    { value: item, path: path === undefined ? undefined : `${path}${way}` },
  ];
  if (Array.isArray(value))
    return (value as readonly Known[]).map((item, index) => of(String(index), item, `[${index}]`));
  if (isMap(value)) return Object.entries(value).map(([key, item]) => of(key, item, `.${key}`));
  return [];
}

const leaves = (nodes: readonly Node[]): boolean =>
  nodes.some((node) => node.kind === "leave" || ("body" in node && (leaves(node.body) || leaves(node.otherwise))));

function loopFrame({ declares }: Pipeline, key: string, item: Found, frame: Frame): Frame {
  const variables = new Map(frame.variables);
  const [first, second] = declares;
  if (second !== undefined) variables.set(second, { current: item });
  if (first !== undefined)
    variables.set(first, { current: second === undefined ? item : { value: key, path: undefined } });
  return { ...frame, dot: item, variables };
}

function declared({ declares, isAssignment }: Pipeline, found: Found, frame: Frame): Frame {
  if (declares.length === 0) return frame;
  if (isAssignment) {
    for (const name of declares) {
      const variable = frame.variables.get(name);
      // Whether this is reached, and how often, is not told.
      if (variable !== undefined) variable.current = nothing;
    }
    return frame;
  }
  const last = declares.at(-1);
  const variables = declares.map((name) => [name, { current: name === last ? found : nothing }] as const);
  return { ...frame, variables: new Map([...frame.variables, ...variables]) };
}

function evaluate({ commands }: Pipeline, frame: Frame, scan: Scan): Found {
  let found: Found | undefined;
  for (const command of commands) found = run(command, found, frame, scan);
  return found ?? nothing;
}

function run([first, ...args]: readonly Operand[], piped: Found | undefined, frame: Frame, scan: Scan): Found {
  if (first === undefined) return nothing;
  const { head } = first;
  if (head.kind !== "word") {
    const found = operand(first, frame, scan);
    for (const arg of args) operand(arg, frame, scan);
    return piped === undefined && args.length === 0 ? found : nothing;
  }
  if (head.text === "and" || head.text === "or") return shortCircuit(head.text, args, piped, frame, scan);
  if (head.text === "index") return indexed(args, piped, frame, scan);
  const values = [...args.map((arg) => operand(arg, frame, scan)), ...(piped === undefined ? [] : [piped])];
  return { value: computed(head.text, values), path: undefined };
}

/** The few functions that conditions are made of. */
function computed(name: string, values: readonly Found[]): Known {
  const [first, second] = values.map(({ value }) => value);
  if (first === undefined) return unknown;
  const truth = truthOf(first);
  if (name === "not" || name === "empty") return truth === undefined ? unknown : !truth;
  if (name !== "hasKey" || !isMap(first) || typeof second !== "string") return unknown;
  return Object.hasOwn(first, second);
}

function shortCircuit(
  name: "and" | "or",
  args: readonly Operand[],
  piped: Found | undefined,
  frame: Frame,
  scan: Scan,
): Found {
  let { isCertain } = frame;
  let isKnown = true;
  let last: Found = nothing;
  for (const arg of args) {
    last = operand(arg, { ...frame, isCertain }, scan);
    const truth = truthOf(last.value);
    if (truth === undefined) isKnown = isCertain = false;
    else if (isKnown && truth === (name === "or")) return last;
  }
  return isKnown ? (piped ?? last) : nothing;
}

/** `index .Values "dotted.key" 0`: keys as they are written. */
function indexed(args: readonly Operand[], piped: Found | undefined, frame: Frame, scan: Scan): Found {
  const [first, ...keys] = args;
  if (first === undefined) return nothing;
  let found = operand(first, frame, scan);
  const isFromRoot = first.head.kind === "dot" && frame.dot.path === "" && first.fields[0] === "Values";
  for (const key of keys) {
    if (key.head.kind !== "string") operand(key, frame, scan);
    if (key.head.kind !== "string" || key.fields.length > 0 || !isMap(found.value)) return nothing;
    const { text } = key.head;
    const path =
      found.path === undefined ? undefined : `${found.path}${/^[\w-]+$/.test(text) ? `.${text}` : `["${text}"]`}`;
    if (!Object.hasOwn(found.value, text)) {
      // Go goes on with nothing; Zarf wants values from the root defined, and so do the texts that come of it.
      if (isFromRoot && path !== undefined) scan.missing.add(path);
      return nothing;
    }
    found = { value: found.value[text] ?? null, path };
  }
  return piped === undefined ? found : nothing;
}

function operand({ head, fields }: Operand, frame: Frame, scan: Scan): Found {
  switch (head.kind) {
    case "dot":
      return follow(frame.dot, fields, { isHeld: frame.isCertain || frame.dot.path === "" }, scan);
    case "variable":
      return follow(frame.variables.get(head.text)?.current ?? nothing, fields, { isHeld: frame.isCertain }, scan);
    case "pipeline":
      return follow(evaluate(head.pipeline, frame, scan), fields, { isHeld: frame.isCertain }, scan);
    case "string":
      return { value: head.text, path: undefined };
    case "word":
      return run([{ head, fields: [] }], undefined, frame, scan);
    case "number":
    case "constant":
      return nothing;
  }
}

function follow(start: Found, fields: readonly string[], { isHeld }: { readonly isHeld: boolean }, scan: Scan): Found {
  let found = start;
  for (const [index, field] of fields.entries()) {
    if (found.value === unknown) return nothing;
    const path = found.path === undefined ? undefined : `${found.path}.${field}`;
    if (!isMap(found.value) || !Object.hasOwn(found.value, field)) {
      const isAboutValues = path !== undefined && /^\.Values(?:[.[]|$)/.test(path);
      const whole = [path, ...fields.slice(index + 1)].join(".");
      if (isHeld && isAboutValues) scan.missing.add(whole);
      return nothing;
    }
    found = { value: found.value[field] ?? null, path };
  }
  return found;
}
