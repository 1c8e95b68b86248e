import type { Client } from "@grpc/grpc-js";
import { connectCluster } from "../../../../src/kube/index.ts";
import { machinePb } from "../../../../src/talos/api/index.ts";
import { streamCall, unaryCall } from "../typed-call.ts";
import { collect, until } from "./observe.ts";

const { method } = machinePb.MachineService;

/** State of each service, with its health or why it failed. */
export const servicesOf = async (client: Client) => {
  const { messages } = await unaryCall(client, method.serviceList, {});
  return Object.fromEntries(
    (messages[0]?.services ?? []).map(({ id, state, health, events }) => {
      const why = state === "Failed" ? `: ${events?.events.at(-1)?.msg}` : "";
      return [id, `${state}${health?.healthy ? " healthy" : ""}${why}`];
    }),
  );
};

export const membersOf = async (client: Client, deadlineMs = 5000) =>
  (await unaryCall(client, method.etcdMemberList, {}, { deadlineMs })).messages[0]?.members ?? [];

export const bootstrapOf = (client: Client, order: { readonly recoverEtcd?: boolean } = {}) =>
  unaryCall(client, method.bootstrap, order);

/** The log of a service, as far as it goes. */
export const logOf = async (client: Client, id: string, namespace = "system") => {
  const pieces = await collect(streamCall(client, method.logs, { namespace, id, tailLines: -1 }));
  return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString("utf8");
};

export const snapshotOf = async (client: Client) =>
  (await collect(streamCall(client, method.etcdSnapshot, {}))).map(({ bytes }) => bytes);

/** A connection to the API server that the node's kubeconfig leads to, once it is ready. */
export async function clusterOf(kubeconfigYaml: string) {
  const cluster = connectCluster({ kubeconfigYaml });
  const signal = () => AbortSignal.timeout(5000);
  await until(
    "the API server is ready",
    () => cluster.readyz({ signal: signal() }),
    ({ isReady }) => isReady,
    240_000,
  );
  const configMaps = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
  return {
    mark: async (name: string) => {
      const metadata = { name, namespace: "default" };
      await cluster.create({ apiVersion: "v1", kind: "ConfigMap", metadata }, { signal: signal() });
    },
    marks: async () =>
      (await cluster.list(configMaps, { signal: signal() })).items
        .map(({ metadata }) => metadata.name ?? "")
        .filter((name) => name.startsWith("mark-"))
        .sort(),
    close: () => cluster.close(),
  };
}
