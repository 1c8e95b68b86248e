import { isOperatorError } from "../../lib/errors/index.ts";
import { deployRelease } from "../charts/releases/index.ts";
import type { ReleaseOwner } from "../manifests/post-render.ts";
import { awaitObjects } from "./await-objects.ts";
import { runMoment } from "./component-actions.ts";
import { placeComponentFiles } from "./component-files.ts";
import { pushComponentImages } from "./component-images.ts";
import { startInjections } from "./component-injections.ts";
import { type ComponentRelease, componentReleases } from "./component-release.ts";
import { pushComponentRepositories } from "./component-repositories.ts";
import type { ComponentRun } from "./component-run.ts";
import { type NamespaceNeeds, namespaceChanges } from "./namespaces.ts";
import { actionsOf, setsVariables } from "./needs.ts";
import type { Run, Site } from "./run.ts";
import { componentTemplates } from "./templates.ts";
import { withPodReasons } from "./with-pod-reasons.ts";

export interface ComponentMode {
  /** It was deployed already as it is now: only what differs is written. */
  readonly isCheck: boolean;
  /** An interrupted deployment brought it to its end: what it does once is not done again. */
  readonly isDone: boolean;
}

const maxHistory = 10;

/**
 * Deploys one component, in Zarf's order: actions before, files, images, repositories, data injections, charts, manifests, actions
 * after, health checks, the end of the injections, actions on success; on a failure its actions on failure.
 *
 * @throws OperatorError of whatever failed; the record says "Failed" then. After an interrupt it says "Deploying".
 */
export async function deployComponent(open: Omit<ComponentRun, "signal">, mode: ComponentMode): Promise<void> {
  const { run, component, recorder } = open;
  const signal = () => recorder?.signal() ?? run.signal;
  const { name } = component;
  const repeats = !mode.isDone || setsVariables(component);
  const acts = repeats && actionsOf(component.actions.onDeploy).length > 0;
  run.tell({ kind: "component", component: name, status: "started" });
  if (!mode.isCheck || acts || (repeats && component.dataInjections.length > 0)) await recorder?.begin(name);
  const at = (): ComponentRun => ({ ...open, signal: signal() });
  try {
    if (acts) await runMoment(at(), "before");
    await placeComponentFiles(at());
    if (run.site !== undefined) {
      await pushComponentImages(at(), run.site);
      await pushComponentRepositories(at(), run.site);
      const injections = repeats ? startInjections(at(), run.site) : undefined;
      try {
        for (const release of releasesOf(at(), run.site)) await deployOne(at(), run.site, release, mode);
        if (acts) await runMoment(at(), "after");
        await awaitHealth(at(), run.site);
        await injections?.done();
      } finally {
        await injections?.stop();
      }
    } else if (acts) await runMoment(at(), "after");
    await recorder?.finish(name, "Succeeded");
    if (acts) await runMoment(at(), "onSuccess");
    run.tell({ kind: "component", component: name, status: "succeeded" });
  } catch (error) {
    signal().throwIfAborted();
    await fail(at(), acts);
    throw error;
  }
}

/** What stopped the component is what must be seen, whether or not its end can be recorded and its own actions work. */
async function fail(at: ComponentRun, acts: boolean): Promise<void> {
  const { run, component, recorder } = at;
  const attempt = async (work: () => Promise<void> | undefined) => {
    try {
      await work();
    } catch (error) {
      if (!isOperatorError(error)) throw error;
      run.tell({ kind: "notice", text: `after the failure of component ${component.name}: ${error.message}` });
    }
  };
  if (acts) await attempt(() => runMoment(at, "onFailure"));
  await attempt(() => recorder?.finish(component.name, "Failed"));
  run.tell({ kind: "component", component: component.name, status: "failed" });
}

function releasesOf(at: ComponentRun, site: Site): readonly ComponentRelease[] {
  const { run, component, files } = at;
  return componentReleases({
    owner: ownerOf(run, site),
    component,
    files,
    templates: componentTemplates(run, component),
  });
}

/** Who the releases of a package belong to, in this cluster. */
export function ownerOf(run: Run, site: Site): ReleaseOwner {
  return {
    packageName: run.definition.metadata.name,
    namespaceOverride: run.options.namespace,
    ignoredByAgent: site.isConnected && site.state?.agent !== undefined,
  };
}

async function deployOne(at: ComponentRun, site: Site, release: ComponentRelease, mode: ComponentMode): Promise<void> {
  const { run, component, recorder, signal } = at;
  const { name, namespace, title } = release;
  const begin = async () => await recorder?.begin(component.name);
  const bring = async (needs: NamespaceNeeds) => {
    const world = {
      cluster: site.cluster,
      clock: run.clock,
      signal,
      state: site.state,
      takeOwnership: run.options.takeOwnership,
      onWaiting: (reason: string) => run.tell({ kind: "waiting", what: title, reason }),
    };
    for (const change of await namespaceChanges(world, needs)) {
      if (mode.isCheck) await begin();
      await change.write();
      run.tell({ kind: "object", object: change.object, outcome: change.outcome });
    }
  };
  const record = async (status: "Succeeded" | "Failed", connectStrings = {}) =>
    await recorder?.chart(component.name, { namespace, chartName: name, connectStrings, status });
  try {
    // What a chart brings is known only once it is rendered, and its release needs a namespace before.
    const isManifest = release.kind === "manifest";
    if (!isManifest) await bring({ release: namespace, declared: [], mentioned: [] });
    const prepared = await release.prepare(
      { signal },
      async (needs) => await bring(isManifest ? { ...needs, release: namespace } : needs),
    );
    const outcome = await deployRelease({
      cluster: site.cluster,
      engine: run.engine,
      clock: run.clock,
      signal,
      name,
      namespace,
      render: prepared.render,
      serverSideApply: release.serverSideApply,
      noWait: release.noWait,
      timeoutMs: run.options.timeoutMs,
      maxHistory,
      takeOwnership: run.options.takeOwnership,
      forceConflicts: run.options.forceConflicts,
      beforeWrite: begin,
      onProgress: (event) => run.tell({ kind: "release", component: component.name, title, event }),
    });
    for (const text of outcome.warnings) run.tell({ kind: "notice", text: `${title}: ${text}` });
    run.tell({ kind: "release-done", component: component.name, title, outcome: outcome.outcome });
    await record("Succeeded", prepared.connectStrings());
  } catch (error) {
    signal.throwIfAborted();
    await record("Failed");
    throw await withPodReasons(error, site.cluster, release, { signal });
  }
}

async function awaitHealth({ run, component, signal }: ComponentRun, site: Site): Promise<void> {
  if (component.healthChecks.length === 0) return;
  await awaitObjects({
    cluster: site.cluster,
    clock: run.clock,
    signal,
    refs: component.healthChecks.map(({ apiVersion, kind, namespace, name }) => ({
      apiVersion,
      kind,
      name,
      ...(namespace === "" ? {} : { namespace }),
    })),
    deadlineMs: run.options.timeoutMs,
    what: `component ${component.name} of package ${run.definition.metadata.name}`,
    onChange: ({ object, message }) => run.tell({ kind: "waiting", what: object, reason: message }),
  });
}
