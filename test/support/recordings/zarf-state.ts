import type { Cluster, KubeObject } from "../../../src/kube/index.ts";
import { recordedStateSecret } from "./recorded.ts";
import type { Json, JsonObject } from "./state.ts";

/** Where the recorded state says that its registry and its Git server are. */
export const recordedRegistry = "127.0.0.1:5056";
export const recordedGitServer = "127.0.0.1:5088";

/**
 * Puts the state that `zarf init` wrote into a cluster, with a registry and a Git server at these addresses (`host:port`). Keys of
 * certificates, which the recording leaves out, are a note.
 */
export async function putZarfState(
  cluster: Cluster,
  addresses: { readonly registry: string; readonly gitServer: string },
): Promise<void> {
  const call = { signal: AbortSignal.timeout(10_000), fieldManager: "zarf", force: true };
  await cluster.apply(zarfNamespace, call);
  const { metadata, data } = recordedStateSecret() as unknown as {
    readonly metadata: { readonly labels: Record<string, string> };
    readonly data: { readonly state: { readonly $decoded: JsonObject } };
  };
  const state = JSON.stringify(withKey(data.state.$decoded))
    .replaceAll(recordedRegistry, addresses.registry)
    .replaceAll(recordedGitServer, addresses.gitServer);
  await cluster.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "zarf-state", namespace: "zarf", labels: metadata.labels },
      type: "Opaque",
      data: { state: Buffer.from(state).toString("base64") },
    },
    call,
  );
  // `zarf init` also tells its agent to leave the namespaces of Kubernetes alone.
  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"])
    await cluster.apply(namespace(name, { "zarf.dev/agent": "ignore" }), call);
}

const namespace = (name: string, labels: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

/** The namespace of Zarf's records, as it makes it. */
export const zarfNamespace = namespace("zarf", { "app.kubernetes.io/managed-by": "zarf", "zarf.dev/agent": "mutate" });

function withKey(state: JsonObject): Json {
  const note = Buffer.from("the recording has no key here").toString("base64");
  return { ...state, agentTLS: { ...(state["agentTLS"] as JsonObject), key: note } };
}
