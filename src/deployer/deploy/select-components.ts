import { OperatorError } from "../../lib/errors/index.ts";
import { matchesGlob } from "./glob.ts";

/** What selection looks at in a component. */
export interface Selectable {
  readonly name: string;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default: boolean;
  /** Of several components with the same group one is deployed. Empty or absent: a group of its own. */
  readonly group?: string | undefined;
  readonly only?: { readonly localOS?: string | undefined } | undefined;
}

/** A person who may be asked. */
export interface SelectionQuestions {
  readonly include: (component: Selectable) => Promise<boolean>;
  /** Answers the name of one of them. */
  readonly choose: (group: string, components: readonly Selectable[]) => Promise<string>;
}

export interface SelectionRequest {
  /** As given: names and globs, a leading `-` leaves out. Empty: nothing was asked for. */
  readonly requested: readonly string[];
  /** "linux", "darwin" or "windows": components for other systems are left out. */
  readonly localOs: string;
  /** Absent: nobody can be asked, and defaults decide. */
  readonly questions?: SelectionQuestions | undefined;
}

/**
 * The components that a deployment takes, in the order in which they are deployed: required ones always, of the others what is
 * asked for, else the defaults; of a group exactly one.
 *
 * @throws OperatorError DEPLOY_SELECTION_INVALID for a name that fits nothing (with what was meant), two of a group, a group without
 *   a choice
 */
export async function selectComponents<T extends Selectable>(
  components: readonly T[],
  request: SelectionRequest,
): Promise<readonly T[]> {
  const here = components.filter(({ only }) => !only?.localOS || only.localOS === request.localOs);
  const groups = inGroups(here);
  const requested = request.requested.map((item) => item.trim()).filter((item) => item !== "");
  if (requested.length > 0) return selectRequested(here, groups, requested);
  const selected: T[] = [];
  for (const [group, members] of groups) {
    const choice = await chooseOf(group, members, request.questions);
    if (choice !== undefined) selected.push(choice);
  }
  return selected;
}

function inGroups<T extends Selectable>(components: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const component of components) {
    const key = component.group || component.name;
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [component]);
    else members.push(component);
  }
  return groups;
}

async function chooseOf<T extends Selectable>(
  group: string,
  members: readonly T[],
  questions: SelectionQuestions | undefined,
): Promise<T | undefined> {
  const [only, second] = members;
  if (only !== undefined && second === undefined) {
    if (only.required === true) return only;
    const isTaken = questions === undefined ? only.default : await questions.include(only);
    return isTaken ? only : undefined;
  }
  const answer = questions === undefined ? undefined : await questions.choose(group, members);
  const choice = members.find(({ name, default: isDefault }) => (answer === undefined ? isDefault : name === answer));
  if (choice === undefined) throw noChoice(group, members);
  return choice;
}

/** What a request says of a component; what is left out is asked before what is taken, and the first that fits decides. */
function wishFor(name: string, requested: readonly string[]): "include" | "exclude" | undefined {
  if (requested.some((item) => item.startsWith("-") && matchesGlob(item.slice(1), name))) return "exclude";
  return requested.some((item) => !item.startsWith("-") && matchesGlob(item, name)) ? "include" : undefined;
}

function selectRequested<T extends Selectable>(
  components: readonly T[],
  groups: ReadonlyMap<string, readonly T[]>,
  requested: readonly string[],
): readonly T[] {
  refuseUnmatched(components, requested);
  return [...groups].flatMap(([group, members]) => {
    const wishes = members.map((component) => ({ component, wish: wishFor(component.name, requested) }));
    const taken = wishes.filter(({ component, wish }) => component.required === true || wish === "include");
    if (taken.length > 1 && members.length > 1)
      throw tooMany(
        group,
        taken.map(({ component }) => component),
      );
    if (taken.length > 0) return taken.map(({ component }) => component);
    const fallback = wishes.find(({ component, wish }) => component.default && wish === undefined);
    if (fallback !== undefined) return [fallback.component];
    if (members.length > 1) throw noChoice(group, members);
    return [];
  });
}

function refuseUnmatched(components: readonly Selectable[], requested: readonly string[]): void {
  const names = components.map(({ name }) => name);
  const unmatched = requested.filter((item) => {
    const pattern = item.startsWith("-") ? item.slice(1) : item;
    return !names.some((name) => matchesGlob(pattern, name));
  });
  if (unmatched.length === 0) return;
  const near = names.filter((name) => unmatched.some((item) => editDistance(item.replace(/^-/, ""), name) <= 5));
  throw new OperatorError("DEPLOY_SELECTION_INVALID", `the package has no component ${unmatched.join(", ")}`, {
    next: [`name one of: ${(near.length === 0 ? names : near).join(", ")}`],
  });
}

function tooMany(group: string, taken: readonly Selectable[]): OperatorError {
  const names = taken.map(({ name }) => name).join(", ");
  return new OperatorError(
    "DEPLOY_SELECTION_INVALID",
    `group ${group} gives one component, and ${names} were asked for`,
    {
      next: [`--components ${taken[0]?.name ?? ""}   takes one of them`],
    },
  );
}

function noChoice(group: string, members: readonly Selectable[]): OperatorError {
  const names = members.map(({ name }) => name);
  return new OperatorError("DEPLOY_SELECTION_INVALID", `group ${group} has no default: one component must be chosen`, {
    next: [`--components NAME   with one of: ${names.join(", ")}`],
  });
}

/** Letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
