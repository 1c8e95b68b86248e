import { chartValues } from "../templates/index.ts";
import { componentReleases } from "./component-release.ts";
import { setsVariables } from "./needs.ts";
import type { Run } from "./run.ts";
import { componentTemplates } from "./templates.ts";

/**
 * Fills in every Go template and every value that charts take from the package once, before anything is deployed, so that one that
 * is missing is told now and not in the middle. What comes after actions that set variables or values cannot be known yet.
 *
 * @throws OperatorError CHART_TEMPLATE_INVALID, PACKAGE_VALUES_UNDEFINED, DOCUMENT_INVALID
 */
export async function checkTemplates(run: Run): Promise<void> {
  const owner = { packageName: run.pkg.name, namespaceOverride: "", ignoredByAgent: false };
  for (const component of run.definition.components) {
    if (setsVariables(component)) return;
    const asks =
      component.manifests.some(({ template }) => template === true) ||
      component.charts.some(({ templatedValuesFiles }) => templatedValuesFiles.length > 0);
    for (const chart of component.charts) chartValues(chart, run.scope.now());
    if (!asks) continue;
    const files = await run.pkg.component(component.name, { signal: run.signal });
    const templates = componentTemplates(run, component);
    const nowhere = async () => await Promise.resolve();
    for (const release of componentReleases({ owner, component, files, templates }))
      await release.prepare(run, nowhere);
  }
}
