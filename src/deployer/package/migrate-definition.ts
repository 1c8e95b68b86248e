import type { ActionDefinition, ComponentDefinition, PackageDefinition } from "./definition.ts";

const scriptsToActions = "scripts-to-actions";
const pluralizeSetVariable = "pluralize-set-variable";
/** What Zarf makes of `scripts.retry: true`. */
const scriptRetries = 10_000;

/**
 * A definition with what is deprecated turned into what is not, as Zarf does whenever it reads one: `scripts` into actions,
 * `setVariable` into `setVariables`. What a package says was migrated already is only taken off.
 */
export function migrateDefinition(definition: PackageDefinition): PackageDefinition {
  const done = definition.build?.migrations ?? [];
  const components = definition.components.map((component) => {
    const moved = done.includes(scriptsToActions) ? withoutScripts(component) : scriptsAsActions(component);
    return done.includes(pluralizeSetVariable) ? mapActions(moved, withoutOld) : mapActions(moved, pluralized);
  });
  return {
    ...definition,
    build: {
      differential: false,
      registryOverrides: {},
      differentialMissing: [],
      versionRequirements: [],
      provenanceFiles: [],
      ...definition.build,
      migrations: [scriptsToActions, pluralizeSetVariable],
    },
    components,
  };
}

const noScripts = { showOutput: false, retry: false, prepare: [], before: [], after: [] };

const withoutScripts = (component: ComponentDefinition): ComponentDefinition => ({ ...component, scripts: noScripts });

function scriptsAsActions(component: ComponentDefinition): ComponentDefinition {
  const { scripts, actions } = component;
  const { onCreate, onDeploy } = actions;
  const own = onDeploy.defaults;
  const defaults = {
    ...own,
    dir: undefined,
    env: [],
    shell: {},
    mute: !scripts.showOutput,
    maxTotalSeconds: scripts.timeoutSeconds,
    maxRetries: scripts.retry ? scriptRetries : undefined,
  };
  const asActions = (commands: readonly string[]): ActionDefinition[] =>
    commands.map((cmd) => ({ cmd, env: [], setVariables: [], setValues: [] }));
  const hasDeploy = scripts.before.length + scripts.after.length > 0;
  return {
    ...component,
    actions: {
      ...actions,
      onCreate: {
        ...onCreate,
        defaults: scripts.prepare.length > 0 ? defaults : onCreate.defaults,
        before: [...onCreate.before, ...asActions(scripts.prepare)],
      },
      onDeploy: {
        ...onDeploy,
        defaults: hasDeploy ? defaults : own,
        before: [...onDeploy.before, ...asActions(scripts.before)],
        after: [...onDeploy.after, ...asActions(scripts.after)],
      },
    },
  };
}

const withoutOld = (action: ActionDefinition): ActionDefinition => ({ ...action, setVariable: undefined });

function pluralized(action: ActionDefinition): ActionDefinition {
  const { setVariable: name, setVariables } = action;
  if (name === undefined || setVariables.length > 0) return action;
  return { ...action, setVariables: [{ name, sensitive: false, autoIndent: false }] };
}

function mapActions(
  component: ComponentDefinition,
  change: (action: ActionDefinition) => ActionDefinition,
): ComponentDefinition {
  const mapSet = (set: ComponentDefinition["actions"]["onDeploy"]) => ({
    ...set,
    before: set.before.map(change),
    after: set.after.map(change),
    onSuccess: set.onSuccess.map(change),
    onFailure: set.onFailure.map(change),
  });
  const { onCreate, onDeploy, onRemove } = component.actions;
  return {
    ...component,
    actions: { onCreate: mapSet(onCreate), onDeploy: mapSet(onDeploy), onRemove: mapSet(onRemove) },
  };
}
