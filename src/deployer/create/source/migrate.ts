import type { RawAction, RawActionSet, RawActions, RawComponent, RawPackage, RawScripts } from "./raw.ts";

/** What Zarf records under `build.migrations` of every package that it makes, and a reader therefore does not do again. */
export const migrations: readonly string[] = ["scripts-to-actions", "pluralize-set-variable"];

/**
 * Says old forms also in new words, as Zarf does: `scripts` become actions, `setVariable` joins `setVariables`. The old words stay,
 * for older readers.
 */
export function migratePackage(written: RawPackage): RawPackage {
  return { ...written, components: written.components.map(migrateComponent) };
}

function migrateComponent(component: RawComponent): RawComponent {
  const { scripts } = component;
  const actions = scripts === undefined ? component.actions : scriptsToActions(component.actions, scripts);
  if (actions === undefined) return component;
  const sets = Object.entries(actions as Readonly<Record<string, RawActionSet>>);
  return { ...component, actions: Object.fromEntries(sets.map(([when, set]) => [when, pluralize(set)])) };
}

/** Retries without end became this many. */
const endlessRetries = 10_000;

function scriptsToActions(actions: RawActions | undefined, scripts: RawScripts): RawActions {
  const defaults = {
    ...(scripts.showOutput === true ? {} : { mute: true }),
    ...(scripts.timeoutSeconds ? { maxTotalSeconds: scripts.timeoutSeconds } : {}),
    ...(scripts.retry === true ? { maxRetries: endlessRetries } : {}),
  };
  const add = (set: RawActionSet | undefined, list: "before" | "after", commands: readonly string[] | undefined) =>
    commands === undefined || commands.length === 0
      ? set
      : { ...set, defaults, [list]: [...(set?.[list] ?? []), ...commands.map((cmd) => ({ cmd }))] };
  const onCreate = add(actions?.onCreate, "before", scripts.prepare);
  const onDeploy = add(add(actions?.onDeploy, "before", scripts.before), "after", scripts.after);
  return { ...actions, ...(onCreate && { onCreate }), ...(onDeploy && { onDeploy }) };
}

function pluralize(set: RawActionSet): RawActionSet {
  const lists = (["before", "after", "onSuccess", "onFailure"] as const).flatMap((list) => {
    const actions = set[list];
    return actions === undefined ? [] : [[list, actions.map(pluralizeAction)] as const];
  });
  return { ...set, ...Object.fromEntries(lists) };
}

function pluralizeAction(action: RawAction): RawAction {
  const { setVariable } = action;
  if (!setVariable) return action;
  return { ...action, setVariables: [...(action.setVariables ?? []), { name: setVariable }] };
}
