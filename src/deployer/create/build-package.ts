import type { ChartEngine } from "../charts/engine/index.ts";
import type { PackageDefinition } from "../package/definition.ts";
import { assemblePackage, type BuiltPackage } from "./assemble/assemble.ts";
import { documentationLayers } from "./assemble/documentation.ts";
import { archiveLayer, type PackageLayer } from "./assemble/package-layer.ts";
import { valuesLayers } from "./assemble/values.ts";
import { hasCreateActions, stageComponent } from "./component/stage-component.ts";
import type { CreateProgress, RunCreateActions, StageContext } from "./component/stage-context.ts";
import { fetchSkeletonWith } from "./fetch/fetch-skeleton.ts";
import { type Kustomize, kubectlKustomize } from "./fetch/kustomize.ts";
import type { Registries } from "./fetch/registries.ts";
import { reduceDifferential } from "./source/differential.ts";
import { type LoadedPackage, loadPackage } from "./source/load-package.ts";
import type { StagedTree } from "./stage/staged.ts";
import type { StagingFolder } from "./stage/staging-folder.ts";

export interface BuildOptions {
  /** For packages that do not say it themselves; default amd64. Components for others are left out, as Zarf does. */
  readonly architecture?: string;
  readonly flavor?: string;
  /** Values of create-time templates, by name. */
  readonly set?: Readonly<Record<string, string>>;
  /** An older version of the package: what it brings already is left out. */
  readonly differentialTo?: PackageDefinition;
  /** default 1970-01-01, so that the same inputs give the same bytes */
  readonly createdAt?: Date;
}

/** What building a package reaches the world through. */
export interface BuildPorts {
  readonly registries: Registries;
  /** For what is fetched and unpacked; the built package reads from it until it is removed. */
  readonly staging: StagingFolder;
  readonly engine: Pick<ChartEngine, "packageChart" | "inspectChart">;
  readonly runActions: RunCreateActions;
  /** default: kubectl kustomize */
  readonly kustomize?: Kustomize;
  readonly signal: AbortSignal;
  readonly onProgress?: ((event: CreateProgress) => void) | undefined;
}

/**
 * Reads what a package is to be made from: its definition, and those that it imports.
 *
 * @param place - folder with a zarf.yaml, or the file
 * @throws OperatorError DOCUMENT_INVALID with every problem and its place, FILE_UNREADABLE, PACKAGE_TEMPLATE_UNSET,
 *   PACKAGE_DIFFERENTIAL_INVALID
 */
export async function loadForBuild(
  place: string,
  options: BuildOptions,
  ports: Pick<BuildPorts, "registries" | "staging" | "signal">,
): Promise<LoadedPackage> {
  const loaded = await loadPackage({
    place,
    ...(options.architecture === undefined ? {} : { architecture: options.architecture }),
    ...(options.flavor === undefined ? {} : { flavor: options.flavor }),
    ...(options.set === undefined ? {} : { set: options.set }),
    fetchSkeleton: fetchSkeletonWith(ports),
  });
  const { differentialTo } = options;
  if (differentialTo === undefined) return loaded;
  return { ...loaded, definition: reduceDifferential(loaded.definition, differentialTo) };
}

/**
 * Builds a package from its loaded definition; its images are named and not fetched. Commands of the package that are meant for
 * this moment run. Same folder, same bytes.
 *
 * @throws OperatorError FILE_UNREADABLE, PACKAGE_…, CHART_…, ACTION_…
 */
export async function buildPackage(
  loaded: LoadedPackage,
  options: BuildOptions,
  ports: BuildPorts,
): Promise<BuiltPackage> {
  const { definition, folder, flavor } = loaded;
  const { components } = definition;
  const context: StageContext = {
    folder,
    staging: ports.staging,
    registries: ports.registries,
    engine: ports.engine,
    kustomize: ports.kustomize ?? kubectlKustomize,
    runActions: ports.runActions,
    mustCopy: components.some(hasCreateActions),
    signal: ports.signal,
    onProgress: ports.onProgress,
  };
  const content: PackageLayer[] = [];
  const trees = new Map<string, StagedTree>();
  for (const [index, component] of components.entries()) {
    ports.signal.throwIfAborted();
    const { name } = component;
    ports.onProgress?.({ kind: "component", name, done: index, total: components.length });
    const tree = await stageComponent(component, context);
    if (tree.size === 0) continue;
    trees.set(name, tree);
    content.push(await archiveLayer(`components/${name}.tar`, { root: name, rootMode: 0o700, tree }, ports));
  }
  content.push(...(await valuesLayers(loaded)), ...(await documentationLayers(loaded, ports)));
  const base = options.differentialTo?.metadata.version;
  return assemblePackage({
    definition,
    content,
    trees,
    ...(flavor === undefined ? {} : { flavor }),
    ...(base === undefined ? {} : { differentialTo: base }),
    ...(options.createdAt === undefined ? {} : { createdAt: options.createdAt }),
  });
}
