import { type Cluster, type KubeObject, record } from "../../kube/index.ts";
import type { ClusterState, RegistryState } from "../state/index.ts";
import { findObject } from "./find-object.ts";
import type { NamespaceChange } from "./namespace-change.ts";

interface SecretWorld {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly state: ClusterState | undefined;
}

/**
 * The secrets with which Pods of a namespace pull from the cluster's registry and read from its Git server, as far as they are not
 * there as they should be. One of the same name that somebody else keeps is left alone.
 */
export async function accessSecrets(
  world: SecretWorld,
  of: { readonly namespace: string; readonly isNew: boolean },
): Promise<readonly NamespaceChange[]> {
  const { cluster, signal, state } = world;
  const wanted = [
    ...(state?.registry === undefined
      ? []
      : [secret("private-registry", of.namespace, await pullConfig(world, state.registry))]),
    ...(state?.git === undefined
      ? []
      : [
          secret("private-git-server", of.namespace, {
            type: "Opaque",
            data: { username: state.git.pullUsername, password: state.git.pullPassword },
          }),
        ]),
  ];
  const changes: NamespaceChange[] = [];
  for (const object of wanted) {
    const name = object.metadata.name ?? "";
    const ref = { apiVersion: "v1", kind: "Secret", namespace: of.namespace, name };
    const live = of.isNew ? undefined : await findObject(cluster, ref, { signal });
    if (live !== undefined && (isOthers(live) || isSameData(live, object))) continue;
    changes.push({
      object: `Secret/${of.namespace}/${name}`,
      outcome: live === undefined ? "created" : "configured",
      write: async () => {
        await cluster.apply(object, { signal, force: true, fieldManager: "zarf" });
      },
    });
  }
  return changes;
}

const isOthers = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/managed-by"] !== "zarf";

function isSameData(live: KubeObject, wanted: KubeObject): boolean {
  const [has, wants] = [record(live["data"]) ?? {}, record(wanted["data"]) ?? {}];
  const keys = Object.keys(wants);
  return Object.keys(has).length === keys.length && keys.every((key) => has[key] === wants[key]);
}

function secret(
  name: string,
  namespace: string,
  of: { readonly type: string; readonly data: Readonly<Record<string, string>> },
): KubeObject {
  const data = Object.entries(of.data).map(([key, value]) => [key, Buffer.from(value).toString("base64")] as const);
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: of.type,
    metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "zarf" } },
    data: Object.fromEntries(data),
  };
}

async function pullConfig(world: SecretWorld, registry: RegistryState) {
  const auth = Buffer.from(`${registry.pullUsername}:${registry.pullPassword}`).toString("base64");
  const auths = Object.fromEntries((await addressesOf(world, registry)).map((address) => [address, { auth }]));
  return { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": JSON.stringify({ auths }) } };
}

/** Under which names the registry is pulled from: an internal one also by its Service. */
async function addressesOf({ cluster, signal }: SecretWorld, registry: RegistryState): Promise<readonly string[]> {
  if (registry.mode === "external") return [registry.address];
  const ref = { apiVersion: "v1", kind: "Service", namespace: "zarf", name: "zarf-docker-registry" };
  const spec = record((await findObject(cluster, ref, { signal }))?.["spec"]);
  const ports: unknown = spec?.["ports"];
  const port = record(Array.isArray(ports) ? ports[0] : undefined)?.["port"];
  const { clusterIP } = spec ?? {};
  if (typeof port !== "number") return [registry.address];
  const named = `zarf-docker-registry.zarf.svc.cluster.local:${port}`;
  return [registry.address, ...(typeof clusterIP === "string" ? [`${clusterIP}:${port}`] : []), named];
}
