import { existsSync } from "node:fs";
import { type Cluster, connectCluster } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { controlPlanesOf, loadSite, type Site } from "../../site/index.ts";
import { withAdmin } from "../node-sights.ts";
import { kubeconfigFile } from "../phases/fetch-kubeconfig.ts";
import { realPorts } from "../real-ports.ts";
import { loadSiteKeys, type SiteKeys } from "../site-keys.ts";
import type { JourneyWorld } from "../world.ts";
import { type NodeRow, nodeRows } from "./node-rows.ts";
import { lookedUpInBundle, type WaitingImage, waitingImages } from "./waiting-images.ts";
import { type WorkloadRow, workloadRows } from "./workload-rows.ts";

/** A site as it is now. */
export interface StatusReport {
  readonly site: string;
  readonly endpoint: string;
  readonly isHealthy: boolean;
  /** Everything that is not as it should be, one sentence each. */
  readonly problems: readonly string[];
  readonly nodes: readonly NodeRow[];
  /** Host names of etcd's members; empty where it could not be asked. */
  readonly etcdMembers: readonly string[];
  readonly workloads: readonly WorkloadRow[];
  /** What nodes could not pull. */
  readonly waitingImages: readonly WaitingImage[];
}

/**
 * Looks at machines, etcd and workloads; what cannot be asked becomes a problem in the report and not an error.
 *
 * @param request.bundleFile - where images are looked up that a node could not pull; absent: nowhere
 */
export async function statusLook(
  request: { readonly siteFile: string; readonly stateFolder: string; readonly bundleFile?: string },
  world: JourneyWorld,
): Promise<StatusReport> {
  const site = await loadSite(request.siteFile);
  const keys = await loadSiteKeys(site, world.clock);
  const { signal, concurrency } = world;
  const problems: string[] = [];
  const cluster = await clusterOf(site, keys, request.stateFolder, signal, problems);
  try {
    const nodes = await nodeRows(site, { keys, cluster, ports: realPorts, signal, concurrency });
    const etcdMembers = await orProblem(problems, "etcd", [], signal, async () => await etcdNames(site, keys, signal));
    const workloads =
      cluster === undefined
        ? []
        : await orProblem(problems, "Kubernetes", [], signal, async () => await workloadRows(cluster, { signal }));
    const images = cluster === undefined ? [] : await unpulled(cluster, request.bundleFile, signal, problems);
    problems.push(...nodeProblems(nodes), ...etcdProblems(site, etcdMembers), ...images.map(imageProblem));
    problems.push(
      ...workloads.filter((row) => row.state !== "Available").map((row) => `${row.object}: ${row.reason ?? row.state}`),
    );
    const endpoint = `https://${site.endpoint.includes(":") ? `[${site.endpoint}]` : site.endpoint}:6443`;
    return {
      site: site.name,
      endpoint,
      isHealthy: problems.length === 0,
      problems,
      nodes,
      etcdMembers,
      workloads,
      waitingImages: images,
    };
  } finally {
    await cluster?.close();
  }
}

/** The cluster by the kubeconfig that `up` kept, else by one from the first control plane that gives it. */
async function clusterOf(
  site: Site,
  keys: SiteKeys | undefined,
  stateFolder: string,
  signal: AbortSignal,
  problems: string[],
): Promise<Cluster | undefined> {
  const file = kubeconfigFile(stateFolder);
  if (existsSync(file)) return connectCluster({ kubeconfigYaml: await readTextFile(file) });
  const text = await orProblem(problems, "Kubernetes", undefined, signal, async () => {
    if (keys === undefined) return undefined;
    return await fromControlPlane(site, keys, async (client) => await client.kubeconfig({ signal }));
  });
  return text === undefined ? undefined : connectCluster({ kubeconfigYaml: text });
}

async function etcdNames(site: Site, keys: SiteKeys | undefined, signal: AbortSignal): Promise<readonly string[]> {
  if (keys === undefined) return [];
  const members = await fromControlPlane(site, keys, async (client) => await client.etcdMembers({ signal }));
  return members.map((member) => member.hostname).sort();
}

/** The answer of the first control plane that gives one. */
async function fromControlPlane<T>(site: Site, keys: SiteKeys, ask: Parameters<typeof withAdmin<T>>[3]): Promise<T> {
  const errors: unknown[] = [];
  for (const node of controlPlanesOf(site)) {
    try {
      return await withAdmin(node, keys, realPorts, ask);
    } catch (error) {
      if (!isOperatorError(error)) throw error;
      errors.push(error);
    }
  }
  throw errors[0];
}

async function orProblem<T>(
  problems: string[],
  what: string,
  otherwise: T,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (!isOperatorError(error)) throw error;
    problems.push(`${what}: ${error.message}`);
    return otherwise;
  }
}

async function unpulled(
  cluster: Cluster,
  bundleFile: string | undefined,
  signal: AbortSignal,
  problems: string[],
): Promise<readonly WaitingImage[]> {
  const images = await orProblem(
    problems,
    "Kubernetes",
    [],
    signal,
    async () => await waitingImages(cluster, { signal }),
  );
  if (images.length === 0 || bundleFile === undefined) return images;
  return await orProblem(problems, "the bundle", images, signal, async () => {
    return await lookedUpInBundle(images, bundleFile, { signal });
  });
}

function imageProblem({ image, node, pod, reason, isInBundle }: WaitingImage): string {
  const why = isInBundle === false ? "the bundle does not have it" : reason;
  return `${node} cannot pull ${image} for ${pod}: ${why}`;
}

const stageWords: Readonly<Record<string, string>> = {
  maintenance: "is in maintenance: nothing is installed yet",
  foreign: "belongs to another cluster",
  unreachable: "does not answer",
};

function nodeProblems(nodes: readonly NodeRow[]): readonly string[] {
  return nodes.flatMap((node) => {
    const reason = node.reason === undefined ? "" : `: ${node.reason}`;
    if (node.stage !== "running") return [`${node.name} ${stageWords[node.stage] ?? `is ${node.stage}`}${reason}`];
    return node.ready === false ? [`${node.name} is not Ready${reason}`] : [];
  });
}

function etcdProblems(site: Site, members: readonly string[]): readonly string[] {
  const missing = controlPlanesOf(site).filter((node) => !members.includes(node.name));
  if (missing.length === 0 || members.length === 0) return [];
  return [`etcd lacks ${missing.map((node) => node.name).join(", ")}`];
}
