import { type PlannedFile, placeFiles, planFiles } from "../files/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import type { ComponentFiles } from "../package/open-package.ts";
import type { ComponentRun } from "./component-run.ts";
import type { Run } from "./run.ts";
import { componentTemplates } from "./templates.ts";

const requestOf = (run: Run, component: ComponentDefinition, source: ComponentFiles) => ({
  component: component.name,
  files: component.files,
  source,
  place: run.workplace.place,
});

/** Puts the component's files on this machine. @throws OperatorError PACKAGE_…, FILE_UNWRITABLE, CHART_TEMPLATE_INVALID */
export async function placeComponentFiles(at: ComponentRun): Promise<void> {
  const { run, component, files, signal } = at;
  if (component.files.length === 0 || run.workplace.isPretended === true) return;
  const templates = componentTemplates(run, component);
  await placeFiles(requestOf(run, component, files), {
    templates: {
      values: await templates.values({ signal }),
      go: templates.go,
      onUnreadable: (key) =>
        run.tell({
          kind: "notice",
          text: `component ${component.name}: the file of ${key} is missing or no text, so it is left out`,
        }),
    },
    onPlaced: (target) => run.tell({ kind: "file", component: component.name, target }),
    signal,
  });
}

/** What that would write. */
export async function plannedFiles(
  run: Run,
  component: ComponentDefinition,
  files: ComponentFiles,
): Promise<readonly PlannedFile[]> {
  if (component.files.length === 0 || run.workplace.isPretended === true) return [];
  return await planFiles(requestOf(run, component, files));
}
