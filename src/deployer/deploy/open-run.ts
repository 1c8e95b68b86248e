import { createHash } from "node:crypto";
import { systemClock } from "../../lib/clock.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { canonicalJson } from "../../lib/json.ts";
import { actionsOf, availableTools, checkActions, type ListedAction } from "../actions/index.ts";
import { createChartEngine } from "../charts/engine/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import { refuseUnsupported } from "../package/requirements.ts";
import { readPackageRecord, readState } from "../state/index.ts";
import { createLiveScope } from "../templates/index.ts";
import { checkArchitecture } from "./check-architecture.ts";
import { needsCluster } from "./needs.ts";
import { overrideNamespace } from "./override-namespace.ts";
import type { PackageRequest, Workplace } from "./request.ts";
import type { Run, Site } from "./run.ts";
import { scopeOf } from "./scope.ts";
import { selectComponents } from "./select-components.ts";
import { localWorkplace, openWorkplace } from "./workplace.ts";

const defaultTimeoutMs = 900_000;

/**
 * Checks everything that was asked for, and looks at what the cluster has of the package. Writes nothing; close the run at the end.
 *
 * @param look.withoutCluster - judge the package by itself, whatever it goes into
 * @throws OperatorError DEPLOY_…, PACKAGE_…, STATE_INVALID, KUBE_…
 */
export async function openRun(
  request: PackageRequest,
  look: { readonly withoutCluster?: boolean } = {},
): Promise<Run & { readonly close: () => Promise<void> }> {
  const { pkg, signal } = request;
  if (look.withoutCluster !== true) refuseUnsupported(pkg.definition);
  const clock = request.clock ?? systemClock;
  const place = request.workplace ?? localWorkplace();
  const given = request.options ?? {};
  const options = {
    components: given.components ?? [],
    namespace: given.namespace ?? "",
    isConnected: given.isConnected === true || pkg.definition.metadata.yolo,
    takeOwnership: given.takeOwnership ?? false,
    forceConflicts: given.forceConflicts ?? false,
    timeoutMs: given.timeoutMs ?? defaultTimeoutMs,
    prune: given.prune ?? true,
  };
  const whole = overrideNamespace(pkg.definition, options.namespace);
  const components = await selectComponents(whole.components, {
    requested: options.components,
    localOs: place.commands.platform,
    questions: request.questions,
  });
  const definition = { ...whole, components: [...components] };
  // One's own costs nothing before a chart, a pattern or a template needs it.
  const engine = request.engine ?? createChartEngine();
  const actions = actionsOf(definition, place.commands.platform);
  const workplace = await openWorkplace(
    place,
    look.withoutCluster === true ? { actions: [], components: [] } : { actions, components },
  );
  const close = async () => {
    await workplace.close();
    if (request.engine === undefined) await engine.close();
  };
  try {
    await refuseActions(place, actions, components.some(needsCluster));
    const scope = await scopeOf(request, engine);
    const site = look.withoutCluster === true ? undefined : await siteOf(request, components, options.isConnected);
    const inputs = inputsOf(pkg.digest, components, {
      namespace: options.namespace,
      isConnected: site?.isConnected ?? false,
      variables: [...scope.variables].map(([name, { value }]) => [name, value]),
      values: scope.values,
    });
    return {
      pkg,
      definition,
      actions,
      known: new Set(pkg.definition.components.map(({ name }) => name)),
      site,
      scope: createLiveScope(scope),
      engine,
      workplace,
      options,
      inputs,
      marker: `.zarf-injection-${Math.floor(clock.now().getTime() / 1000)}`,
      clock,
      signal,
      tell: (event) => request.onEvent?.(event),
      close,
    };
  } catch (error) {
    await close();
    signal.throwIfAborted();
    throw error;
  }
}

/** What cannot be carried out on this machine is said before anything is. */
async function refuseActions(place: Workplace, actions: readonly ListedAction[], hasCluster: boolean): Promise<void> {
  if (place.isPretended === true) return;
  const { path, program } = place;
  const tools = path === undefined ? new Set<string>() : await availableTools({ path, program });
  checkActions(actions, { occasion: "onDeploy", tools, hasCluster });
}

async function siteOf(
  { cluster, streams, pkg, options, signal }: PackageRequest,
  components: readonly ComponentDefinition[],
  asksConnected: boolean,
): Promise<Site | undefined> {
  if (!components.some(needsCluster)) return undefined;
  if (cluster === undefined)
    throw new OperatorError("DEPLOY_CLUSTER_MISSING", `package ${pkg.name} goes into a cluster, and none was named`, {
      next: ["--kubeconfig FILE   names a cluster", "--site FILE   names a site that is up"],
    });
  await checkArchitecture(pkg, components, { cluster, signal });
  const [state, before] = await Promise.all([
    readState(cluster, { signal }),
    readPackageRecord(cluster, { name: pkg.name, namespaceOverride: options?.namespace ?? "" }, { signal }),
  ]);
  return { cluster, streams, state, before, isConnected: asksConnected || state?.registry === undefined };
}

/** A digest, so that nothing of what it was made from can be read; salted with the package's own. */
function inputsOf(digest: string, components: readonly ComponentDefinition[], rest: object): string {
  const given = { digest, components: components.map(({ name }) => name), ...rest };
  return createHash("sha256").update(canonicalJson(given)).digest("hex");
}
