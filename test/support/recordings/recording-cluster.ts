import { type Cluster, connectCluster } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../apiserver.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { startControllerManager } from "./controller-manager.ts";
import { createSnapshotReader, type SnapshotReader } from "./snapshot.ts";
import { startStandInKubelet } from "./stand-in-kubelet.ts";

/** A cluster as the recordings were made in: real API server and controllers, and nobody who runs pods. */
export interface RecordingCluster extends SnapshotReader {
  readonly api: TestApiServer;
  readonly cluster: Cluster;
  readonly client: ApiClient;
  readonly stop: () => Promise<void>;
}

export async function startRecordingCluster(): Promise<RecordingCluster> {
  const running: { readonly stop: () => Promise<void> }[] = [];
  const stop = async () => {
    for (const one of running.reverse()) await one.stop();
  };
  try {
    const api = await startApiServer({ hasControllers: true });
    running.push(api);
    running.push(await startControllerManager(api));
    const client = createApiClient(api.admin);
    running.push({ stop: client.close });
    running.push(await startStandInKubelet(client));
    const cluster = connectCluster(api.admin);
    running.push({ stop: cluster.close });
    return { api, cluster, client, read: createSnapshotReader(client).read, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
