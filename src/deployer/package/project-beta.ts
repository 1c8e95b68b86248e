import type { ComponentDefinition, PackageDefinition } from "./definition.ts";
import type { BetaActionSet, BetaChart, BetaComponent, BetaDefinition } from "./schema/beta-schema.ts";

type Source = Partial<
  Pick<ComponentDefinition["charts"][number], "url" | "repoName" | "version" | "gitPath" | "localPath">
>;

/**
 * A definition in v1beta1 as the one in v1alpha1 that means the same: what deploys and removes works on that alone, as in Zarf.
 *
 * @see https://docs.zarf.dev/ref/packages/ (Zarf v0.84.0)
 */
export function projectBeta(beta: BetaDefinition): PackageDefinition {
  const { metadata, build } = beta;
  const isInit = beta.components.some(({ service }) => service !== undefined);
  const { aggregateChecksum } = build ?? {};
  const { hostname: terminal, aggregateChecksum: _sum, ...kept } = build ?? {};
  const { preventNamespaceOverride, annotations, ...named } = metadata;
  const moved = (key: string) => annotations[`metadata.${key}`];
  return {
    apiVersion: "zarf.dev/v1alpha1",
    kind: isInit ? "ZarfInitConfig" : beta.kind,
    metadata: {
      ...named,
      url: moved("url"),
      image: moved("image"),
      authors: moved("authors"),
      documentation: moved("documentation"),
      source: moved("source"),
      vendor: moved("vendor"),
      yolo: false,
      aggregateChecksum,
      annotations: Object.fromEntries(
        Object.entries(annotations).filter(
          ([key]) => !/^metadata\.(url|image|authors|documentation|source|vendor)$/.test(key),
        ),
      ),
      allowNamespaceOverride: !preventNamespaceOverride,
    },
    ...(build === undefined
      ? {}
      : {
          build: {
            differential: false,
            migrations: [],
            registryOverrides: {},
            versionRequirements: [],
            provenanceFiles: [],
            ...kept,
            terminal,
            differentialMissing: [],
          },
        }),
    components: beta.components.map(projectComponent),
    constants: [],
    variables: [],
    values: beta.values,
    documentation: beta.documentation,
  };
}

const onlyTrue = (value: boolean): true | undefined => (value ? true : undefined);

function projectComponent(component: BetaComponent): ComponentDefinition {
  const { target, selector, actions } = component;
  return {
    name: component.name,
    description: component.description,
    default: false,
    required: onlyTrue(!component.optional),
    only: {
      localOS: target.os,
      cluster: { architecture: selector.architecture, distros: [] },
      flavor: selector.flavor,
    },
    group: undefined,
    import: { name: undefined, path: component.import.local[0]?.path, url: component.import.remote[0]?.url },
    manifests: component.manifests.map(({ kustomize, skipWait, enableTemplating, ...manifest }) => ({
      ...manifest,
      kustomizations: kustomize.files,
      kustomizeAllowAnyDirectory: kustomize.allowAnyDirectory,
      enableKustomizePlugins: kustomize.enablePlugins,
      noWait: skipWait,
      template: onlyTrue(enableTemplating),
    })),
    charts: component.charts.map(projectChart),
    dataInjections: [],
    files: component.files.map(({ checksum, destination, enableTemplating, ...file }) => ({
      ...file,
      shasum: checksum,
      target: destination,
      template: onlyTrue(enableTemplating),
    })),
    images: component.images.map(({ name }) => name),
    imageArchives: component.imageArchives,
    repos: component.repositories.map(({ url, ref }) => {
      const wanted = flatRef(ref);
      return wanted === undefined ? url : `${withoutRef(url)}@${wanted}`;
    }),
    actions: {
      onCreate: projectActions(actions.onCreate),
      onDeploy: projectActions(actions.onDeploy),
      onRemove: projectActions(actions.onRemove),
    },
    scripts: { showOutput: false, timeoutSeconds: undefined, retry: false, prepare: [], before: [], after: [] },
    healthChecks: [],
    stateAccess: component.stateAccess,
  };
}

function projectChart(chart: BetaChart): ComponentDefinition["charts"][number] {
  const paths = (isTemplated: boolean) =>
    chart.valuesFiles.filter(({ enableTemplating }) => enableTemplating === isTemplated).map(({ path }) => path);
  return {
    name: chart.name,
    ...sourceOf(chart),
    namespace: chart.namespace,
    releaseName: chart.releaseName,
    noWait: chart.skipWait,
    valuesFiles: paths(false),
    templatedValuesFiles: paths(true),
    variables: [],
    values: chart.values,
    schemaValidation: chart.skipSchemaValidation ? false : undefined,
    serverSideApply: chart.serverSideApply,
  };
}

function sourceOf({ helmRepository, oci, git, local }: BetaChart): Source {
  if (helmRepository !== undefined) {
    const { url, name: repoName, version } = helmRepository;
    return { url, repoName, version };
  }
  if (oci !== undefined) {
    if (oci.ref.tag !== undefined) return { url: oci.url, version: oci.ref.tag };
    return { url: oci.ref.digest === undefined ? oci.url : `${oci.url.replace(/\/$/, "")}@${oci.ref.digest}` };
  }
  if (git !== undefined) {
    const ref = flatRef(git.ref);
    const url = withoutRef(git.url);
    // A version becomes part of a file name, so a branch cannot be one.
    return ref?.startsWith("refs/") === true
      ? { url: `${url}@${ref}`, gitPath: git.path }
      : { url, version: ref, gitPath: git.path };
  }
  return { localPath: local?.path };
}

function flatRef(
  ref:
    | { readonly tag?: string | undefined; readonly branch?: string | undefined; readonly commit?: string | undefined }
    | undefined,
): string | undefined {
  return ref?.tag ?? ref?.commit ?? (ref?.branch === undefined ? undefined : `refs/heads/${ref.branch}`);
}

/** What stands behind an @ in the path of a Git URL names a revision; one in front of the host is a user. */
const withoutRef = (url: string): string => /^([a-z][a-z0-9+.-]*:\/\/[^/]+\/[^@]*)@/i.exec(url)?.[1] ?? url;

function projectActions(set: BetaActionSet): ComponentDefinition["actions"]["onDeploy"] {
  const project = (actions: BetaActionSet["before"]) =>
    actions.map(({ silent, retries, enableTemplating, ...action }) => ({
      ...action,
      mute: silent,
      maxRetries: retries,
      setVariable: undefined,
      setVariables: [],
      template: onlyTrue(enableTemplating),
    }));
  const { silent, retries, ...defaults } = set.defaults;
  return {
    defaults: { ...defaults, mute: silent, maxRetries: retries },
    before: project(set.before),
    after: [],
    onSuccess: project(set.onSuccess),
    onFailure: project(set.onFailure),
  };
}
