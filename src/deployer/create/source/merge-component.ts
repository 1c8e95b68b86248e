import type { RawActionSet, RawChart, RawComponent, RawManifest } from "./raw.ts";

/**
 * An imported component under the importing one: name, default, required and group come from the importer, lists are joined
 * (imported first), charts and manifests of one name become one. The names of keys are those of Zarf's import rules.
 *
 * @param imported - its paths already as seen from the importer
 * @returns undefined where both name an operating system
 */
export function mergeComponent(imported: RawComponent, importer: RawComponent): RawComponent | undefined {
  if (imported.only?.localOS && importer.only?.localOS) return undefined;
  const { name, default: isDefault, required, group, description } = importer;
  const { default: _default, required: _required, group: _group, ...rest } = imported;
  const merged: RawComponent = {
    ...rest,
    name,
    ...(isDefault === undefined ? {} : { default: isDefault }),
    ...(required === undefined ? {} : { required }),
    ...(group === undefined ? {} : { group }),
    ...(description ? { description } : {}),
  };
  return { ...merged, ...mergedOnly(imported, importer), ...mergedLists(imported, importer) };
}

function mergedOnly(imported: RawComponent, importer: RawComponent): Pick<RawComponent, "only"> {
  const { flavor, localOS } = importer.only ?? {};
  const only = { ...imported.only, ...(flavor && { flavor }), ...(localOS && { localOS }) };
  return Object.keys(only).length === 0 ? {} : { only };
}

function joined<T>(first: readonly T[] | undefined, then: readonly T[] | undefined): readonly T[] | undefined {
  const all = [...(first ?? []), ...(then ?? [])];
  return all.length === 0 ? undefined : all;
}

function mergedLists(imported: RawComponent, importer: RawComponent): Partial<RawComponent> {
  const lists = {
    dataInjections: joined(imported.dataInjections, importer.dataInjections),
    files: joined(imported.files, importer.files),
    images: joined(imported.images, importer.images),
    repos: joined(imported.repos, importer.repos),
    healthChecks: joined(imported.healthChecks, importer.healthChecks),
    imageArchives: joined(imported.imageArchives, importer.imageArchives),
    charts: byName(imported.charts, importer.charts, mergeCharts),
    manifests: byName(imported.manifests, importer.manifests, mergeManifests),
    actions: mergedActions(imported, importer),
  };
  return Object.fromEntries(Object.entries(lists).filter(([, value]) => value !== undefined));
}

function byName<T extends { readonly name: string }>(
  imported: readonly T[] | undefined,
  importer: readonly T[] | undefined,
  merge: (imported: T, importer: T) => T,
): readonly T[] | undefined {
  const all = new Map<string, T>();
  for (const item of imported ?? []) all.set(item.name, item);
  for (const item of importer ?? []) {
    const known = all.get(item.name);
    all.set(item.name, known === undefined ? item : merge(known, item));
  }
  return all.size === 0 ? undefined : [...all.values()];
}

/** Only what is said; lists are joined below. */
function said<T extends object>(item: T, keys: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(keys.flatMap((key) => (item[key] ? [[key, item[key]]] : []))) as Partial<T>;
}

function mergeCharts(imported: RawChart, importer: RawChart): RawChart {
  const lists = {
    valuesFiles: joined(imported.valuesFiles, importer.valuesFiles),
    templatedValuesFiles: joined(imported.templatedValuesFiles, importer.templatedValuesFiles),
    variables: joined(imported.variables, importer.variables),
    values: joined(imported.values, importer.values),
  };
  return {
    ...imported,
    ...said(importer, ["namespace", "releaseName", "version", "url"]),
    ...said(lists, ["valuesFiles", "templatedValuesFiles", "variables", "values"]),
  } as RawChart;
}

function mergeManifests(imported: RawManifest, importer: RawManifest): RawManifest {
  const lists = {
    files: joined(imported.files, importer.files),
    kustomizations: joined(imported.kustomizations, importer.kustomizations),
  };
  return {
    ...imported,
    ...said(importer, ["namespace"]),
    ...said(lists, ["files", "kustomizations"]),
  } as RawManifest;
}

function mergedActions(imported: RawComponent, importer: RawComponent): RawComponent["actions"] {
  const [first, then] = [imported.actions, importer.actions];
  if (first === undefined && then === undefined) return undefined;
  const sets = (["onCreate", "onDeploy", "onRemove"] as const).map(
    (when) => [when, mergedSet(first?.[when], then?.[when])] as const,
  );
  return Object.fromEntries(sets.filter(([, set]) => set !== undefined));
}

/** Defaults are the importer's, also where it has none. */
function mergedSet(first: RawActionSet | undefined, then: RawActionSet | undefined): RawActionSet | undefined {
  const lists = (["before", "after", "onSuccess", "onFailure"] as const).map(
    (list) => [list, joined(first?.[list], then?.[list])] as const,
  );
  const defaults = then?.defaults === undefined ? {} : { defaults: then.defaults };
  const set = { ...defaults, ...Object.fromEntries(lists.filter(([, list]) => list !== undefined)) };
  return Object.keys(set).length === 0 ? undefined : set;
}
