import { type Cluster, type KubeObject, objectName, record } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type ClusterState, stateNamespace } from "../state/index.ts";
import { accessSecrets } from "./access-secrets.ts";
import { findObject } from "./find-object.ts";
import type { NamespaceChange } from "./namespace-change.ts";

const managedBy = { "app.kubernetes.io/managed-by": "zarf" };
const watched = { "zarf.dev/agent": "mutate" };
const initialNamespaces = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);
const zarf = { fieldManager: "zarf" } as const;
const goneWithinMs = 120_000;

export interface NamespaceWorld {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whose pull credentials go into namespaces; undefined: nobody's. */
  readonly state: ClusterState | undefined;
  readonly takeOwnership: boolean;
  readonly onWaiting?: (text: string) => void;
}

export interface NamespaceNeeds {
  /** Of the release itself; absent where only what it brings is looked at. */
  readonly release?: string;
  /** That the package brings itself. */
  readonly declared: readonly KubeObject[];
  /** That its objects name. */
  readonly mentioned: readonly string[];
}

/**
 * What is to be written before a release: namespaces that are not there yet, labels of those that the package declares, and the
 * secrets for the registry and the Git server of the cluster in each that is its own. One that others made is left as it is,
 * unless ownership is taken.
 *
 * @throws OperatorError DEPLOY_NAMESPACE_REFUSED, DEPLOY_NAMESPACE_TERMINATING, KUBE_…
 */
export async function namespaceChanges(
  world: NamespaceWorld,
  { release, declared, mentioned }: NamespaceNeeds,
): Promise<readonly NamespaceChange[]> {
  const own = new Map(declared.map((object) => [object.metadata.name ?? "", object]));
  const names = [...new Set([...own.keys(), ...mentioned, ...(release === undefined ? [] : [release])])];
  const changes: NamespaceChange[] = [];
  for (const name of names) {
    const live = await findNamespace(world, name);
    const change = changeOf(world, { name, live, declared: own.get(name) });
    if (change !== undefined) changes.push(change);
    const isOwn = live === undefined || own.has(name) || mentioned.includes(name) || isManaged(live);
    if (isOwn || world.takeOwnership)
      changes.push(...(await accessSecrets(world, { namespace: name, isNew: live === undefined })));
  }
  return changes;
}

const isManaged = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/managed-by"] === "zarf";

/** The namespace, once it is not going away any more. */
async function findNamespace(world: NamespaceWorld, name: string): Promise<KubeObject | undefined> {
  const { cluster, clock, signal } = world;
  const endMs = clock.now().getTime() + goneWithinMs;
  for (;;) {
    const live = await findObject(cluster, { apiVersion: "v1", kind: "Namespace", name }, { signal });
    if (live?.metadata.deletionTimestamp === undefined) return live;
    if (clock.now().getTime() >= endMs)
      throw new OperatorError(
        "DEPLOY_NAMESPACE_TERMINATING",
        `namespace ${name} is being deleted and does not go away`,
        {
          where: { object: `Namespace/${name}` },
          next: [`kubectl get namespace ${name} -o yaml   says what holds it, under status.conditions`],
          retry: "later",
        },
      );
    world.onWaiting?.(`Namespace/${name} is being deleted`);
    await clock.sleep(1000, { signal });
  }
}

function changeOf(
  { cluster, signal, takeOwnership }: NamespaceWorld,
  of: { readonly name: string; readonly live: KubeObject | undefined; readonly declared: KubeObject | undefined },
): NamespaceChange | undefined {
  const { name, live, declared } = of;
  const object = `Namespace/${name}`;
  if (live === undefined)
    return { object, outcome: "created", write: () => createOnce(cluster, newNamespace(name, declared), signal) };
  if (takeOwnership && declared === undefined && initialNamespaces.has(name))
    throw new OperatorError(
      "DEPLOY_NAMESPACE_REFUSED",
      `namespace ${name} belongs to Kubernetes and cannot be taken over`,
      {
        where: { object },
        next: ["leave --take-ownership out, or put the package into another namespace"],
      },
    );
  const wanted = wantedMarks(live, declared, takeOwnership);
  if (wanted === undefined) return undefined;
  const ref = { apiVersion: "v1", kind: "Namespace", name };
  return {
    object,
    outcome: "configured",
    write: async () => {
      await cluster.patch(ref, { metadata: wanted }, { signal, type: "merge", ...zarf });
    },
  };
}

function newNamespace(name: string, declared: KubeObject | undefined): KubeObject {
  const { labels, annotations } = marksOf(declared);
  return {
    ...(declared ?? {}),
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: { ...watched, ...labels, ...managedBy },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}

/** Helm's note of the file that an object came from is for Helm alone. */
function marksOf(declared: KubeObject | undefined) {
  const { "postrenderer.helm.sh/postrender-filename": _file, ...annotations } = declared?.metadata.annotations ?? {};
  return { labels: declared?.metadata.labels ?? {}, annotations };
}

/** Labels and annotations that the namespace lacks, or undefined where it has all of them. */
function wantedMarks(live: KubeObject, declared: KubeObject | undefined, takeOwnership: boolean) {
  if (declared === undefined && !takeOwnership) return undefined;
  const { labels, annotations } = marksOf(declared);
  const agent = takeOwnership ? watched : live.metadata.labels?.["zarf.dev/agent"] === undefined ? watched : {};
  const marks = { labels: { ...agent, ...labels, ...managedBy }, annotations };
  const lacks = (wanted: object, has: unknown) =>
    Object.entries(wanted).some(([key, value]) => record(has)?.[key] !== value);
  const isThere = !lacks(marks.labels, live.metadata.labels) && !lacks(annotations, live.metadata.annotations);
  return isThere ? undefined : marks;
}

async function createOnce(cluster: Cluster, object: KubeObject, signal: AbortSignal): Promise<void> {
  try {
    await cluster.create(object, { signal, ...zarf });
  } catch (error) {
    // Somebody else made it between the look and now: it is there, which is what was wanted.
    if (!isOperatorError(error, "KUBE_ALREADY_EXISTS")) throw error;
  }
}

/** The namespace in which Zarf keeps its records, where it is not there yet. */
export async function bringStateNamespace(
  world: Pick<NamespaceWorld, "cluster" | "signal">,
): Promise<string | undefined> {
  const { cluster, signal } = world;
  const object = newNamespace(stateNamespace, undefined);
  const live = await findObject(cluster, { apiVersion: "v1", kind: "Namespace", name: stateNamespace }, { signal });
  if (live !== undefined) return undefined;
  // Applied and not created, as Zarf does with this one: it may be there by now.
  await cluster.apply(object, { signal, ...zarf });
  return objectName(object);
}
