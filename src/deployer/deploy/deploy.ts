import { uninstallRelease } from "../charts/releases/index.ts";
import type { LeaseHolder } from "../state/index.ts";
import { checkTemplates } from "./check-templates.ts";
import { deployComponent } from "./deploy-component.ts";
import { setsVariables } from "./needs.ts";
import { openRun } from "./open-run.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import type { PackageRequest } from "./request.ts";
import type { Run, Site } from "./run.ts";
import { thisProcess } from "./this-process.ts";
import { doneBefore } from "./unfinished.ts";

/** How a deployment ended. */
export interface DeployOutcome {
  readonly package: { readonly name: string; readonly version: string };
  readonly components: readonly string[];
  readonly connectivity: "airgap" | "connected";
  /** Of the Secret that records the package; "none" where it needs no cluster. */
  readonly record: "created" | "configured" | "unchanged" | "none";
  /** Releases that were taken away, because this version does not have them: "web/old". */
  readonly pruned: readonly string[];
  /** Services that can be reached by name. */
  readonly connectStrings: Readonly<Record<string, { readonly description: string; readonly url: string }>>;
}

/**
 * Deploys a package: component by component, in the order of its definition, then what an earlier version left is taken away. What
 * is as it should be is not written; a deployment that was interrupted goes on where it stopped. Safe to repeat.
 *
 * @throws OperatorError of whatever failed (DEPLOY_…, PACKAGE_…, RELEASE_…, CHART_…, ACTION_…, IMAGE_PUSH_…, STATE_LEASE_…, KUBE_…);
 *   what was deployed before stays
 */
export async function deployPackage(request: PackageRequest): Promise<DeployOutcome> {
  const run = await openRun(request);
  try {
    const recorder = run.site === undefined ? undefined : recorderOf(run, run.site, request.self ?? thisProcess());
    try {
      return await deploy(run, recorder);
    } finally {
      await recorder?.release();
    }
  } finally {
    await run.close();
  }
}

async function deploy(run: Run, recorder: Recorder | undefined): Promise<DeployOutcome> {
  const { definition, site, pkg } = run;
  const done = doneBefore(site?.before, run.inputs);
  const isCheck = site !== undefined && wasDeployed(run, site);
  await checkTemplates(run);
  for (const component of definition.components) {
    const signal = recorder?.signal() ?? run.signal;
    signal.throwIfAborted();
    const files = await pkg.component(component.name, { signal });
    const isDone = done.has(component.name);
    await deployComponent(
      { run, component, files, recorder },
      { isCheck: isCheck || (isDone && !setsVariables(component)), isDone },
    );
  }
  const pruned = recorder === undefined || site === undefined ? [] : await prune(run, site, recorder);
  const record = (await recorder?.complete()) ?? "none";
  return {
    package: { name: pkg.name, version: pkg.version },
    components: definition.components.map(({ name }) => name),
    connectivity: site === undefined || site.isConnected ? "connected" : "airgap",
    record,
    pruned,
    connectStrings: recorder?.connectStrings() ?? {},
  };
}

/** Whether the record says that this very package is there, whole: then only what differs is touched. */
export function wasDeployed({ pkg, definition }: Run, { before, isConnected }: Site): boolean {
  if (before === undefined || before.unfinishedInputs !== undefined || before.value.digest !== pkg.digest) return false;
  if (before.value.packageConnectivity !== (isConnected ? "connected" : "airgap")) return false;
  const succeeded = new Set(
    before.value.deployedComponents.filter(({ status }) => status === "Succeeded").map(({ name }) => name),
  );
  return definition.components.every(({ name }) => succeeded.has(name));
}

export function recorderOf(run: Run, site: Site, self: LeaseHolder): Recorder {
  return createRecorder({
    cluster: site.cluster,
    clock: run.clock,
    signal: run.signal,
    self,
    definition: run.definition,
    known: run.known,
    digest: run.pkg.digest,
    connectivity: site.isConnected ? "connected" : "airgap",
    namespaceOverride: run.options.namespace,
    before: site.before,
    inputs: run.inputs,
    onNamespace: (object) => run.tell({ kind: "object", object, outcome: "created" }),
  });
}

async function prune(run: Run, { cluster }: Site, recorder: Recorder): Promise<readonly string[]> {
  const dropped = recorder.dropped();
  if (!run.options.prune) {
    for (const { release, namespace } of dropped)
      run.tell({ kind: "notice", text: `release ${namespace}/${release} is no longer part of the package and stays` });
    return [];
  }
  for (const chart of dropped) {
    await recorder.hold();
    const title = `release ${chart.namespace}/${chart.release}`;
    const outcome = await uninstallRelease({
      cluster,
      clock: run.clock,
      signal: recorder.signal(),
      name: chart.release,
      namespace: chart.namespace,
      timeoutMs: run.options.timeoutMs,
      onProgress: (event) => run.tell({ kind: "release", component: chart.component, title, event }),
    });
    for (const text of outcome.warnings) run.tell({ kind: "notice", text });
    run.tell({ kind: "release-done", component: chart.component, title, outcome: outcome.outcome });
    await recorder.pruned(chart);
  }
  return dropped.map(({ namespace, release }) => `${namespace}/${release}`);
}
