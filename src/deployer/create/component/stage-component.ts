import type { ComponentDefinition } from "../../package/definition.ts";
import { type StagedTree, TreeBuilder } from "../stage/staged.ts";
import { stageCharts } from "./stage-charts.ts";
import type { StageContext } from "./stage-context.ts";
import { stageFiles, stageInjections } from "./stage-files.ts";
import { stageManifests } from "./stage-manifests.ts";
import { stageRepositories } from "./stage-repositories.ts";

/**
 * Everything that goes into the archive of a component, by path below its folder. Its commands for this moment run before and
 * after, as they would under Zarf.
 *
 * @returns an empty tree for a component that carries nothing: it gets no archive
 */
export async function stageComponent(component: ComponentDefinition, context: StageContext): Promise<StagedTree> {
  const { name, actions } = component;
  const tree = new TreeBuilder();
  const run = async (moment: "before" | "after") =>
    await context.runActions(actions.onCreate, moment, {
      folder: context.folder,
      component: name,
      signal: context.signal,
    });
  await run("before");
  await stageCharts(tree, component.charts, context);
  await stageFiles(tree, component.files, context);
  await stageInjections(tree, component.dataInjections, context);
  await stageManifests(tree, component.manifests, context);
  await stageRepositories(tree, component.repos, context);
  await run("after");
  return tree.entries;
}

/** Whether commands run while a package is made. */
export function hasCreateActions({ actions }: ComponentDefinition): boolean {
  return actions.onCreate.before.length + actions.onCreate.after.length > 0;
}
