import { isUrl, rebasePath } from "./paths.ts";
import type { RawAction, RawActionSet, RawComponent } from "./raw.ts";

/**
 * A component of another folder with all its paths as seen from the importing one.
 *
 * @param folder - the other folder, relative to the importing one
 */
export function rebaseComponent(component: RawComponent, folder: string): RawComponent {
  const to = (source: string): string => rebasePath(source, folder);
  const all = (sources: readonly string[]): readonly string[] => sources.map(to);
  const { files, charts, manifests, dataInjections, imageArchives, actions } = component;
  return {
    ...component,
    ...(files && { files: files.map((file) => ({ ...file, source: to(file.source) })) }),
    ...(charts && {
      charts: charts.map((chart) => ({
        ...chart,
        ...(chart.localPath && { localPath: to(chart.localPath) }),
        ...(chart.valuesFiles && { valuesFiles: all(chart.valuesFiles) }),
        ...(chart.templatedValuesFiles && { templatedValuesFiles: all(chart.templatedValuesFiles) }),
      })),
    }),
    ...(manifests && {
      manifests: manifests.map((manifest) => ({
        ...manifest,
        ...(manifest.files && { files: all(manifest.files) }),
        ...(manifest.kustomizations && { kustomizations: manifest.kustomizations.map((one) => rebased(one, folder)) }),
      })),
    }),
    ...(dataInjections && {
      dataInjections: dataInjections.map((injection) => ({ ...injection, source: to(injection.source) })),
    }),
    ...(imageArchives && { imageArchives: imageArchives.map((one) => ({ ...one, path: to(one.path) })) }),
    ...(actions?.onCreate && { actions: { ...actions, onCreate: rebaseActions(actions.onCreate, folder) } }),
  };
}

/** Kustomize also takes `github.com/owner/repo?ref=x` and `git@host:repo`, which are no paths. */
const rebased = (source: string, folder: string): string =>
  isUrl(source) || /^(git@|github\.com[/:])|\?ref=/.test(source) ? source : rebasePath(source, folder);

/** Commands that run while the package is made run in the folder they were written for. */
function rebaseActions(set: RawActionSet, folder: string): RawActionSet {
  const rebase = (actions: readonly RawAction[] | undefined) =>
    actions?.map((action) => ({ ...action, dir: rebasePath(action.dir ?? set.defaults?.dir ?? "", folder) }));
  const { before, after, onSuccess, onFailure } = set;
  return {
    ...set,
    ...(before && { before: rebase(before) ?? [] }),
    ...(after && { after: rebase(after) ?? [] }),
    ...(onSuccess && { onSuccess: rebase(onSuccess) ?? [] }),
    ...(onFailure && { onFailure: rebase(onFailure) ?? [] }),
  };
}
