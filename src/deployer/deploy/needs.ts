import type { ActionSetDefinition, ComponentDefinition } from "../package/definition.ts";

/** Whether anything of the component happens in a cluster; files and commands alone need none. */
export function needsCluster(component: ComponentDefinition): boolean {
  const { images, imageArchives, charts, manifests, repos, dataInjections, healthChecks } = component;
  return [images, imageArchives, charts, manifests, repos, dataInjections, healthChecks].some(
    (part) => part.length > 0,
  );
}

/** Every action of one occasion, in the order of its moments. */
export function actionsOf(set: ActionSetDefinition) {
  return [...set.before, ...set.after, ...set.onSuccess, ...set.onFailure];
}

/** Whether what its actions find out is used by others: then they must run again before those can. */
export function setsVariables({ actions }: ComponentDefinition): boolean {
  return actionsOf(actions.onDeploy).some(
    (action) => action.setVariable !== undefined || action.setVariables.length > 0 || action.setValues.length > 0,
  );
}

/** Images of a component, those that came from archives included, each once. */
export function imagesOf({ images, imageArchives }: ComponentDefinition): readonly string[] {
  return [...new Set([...images, ...imageArchives.flatMap((archive) => archive.images)])];
}
