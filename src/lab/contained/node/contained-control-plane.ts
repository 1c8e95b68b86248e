import { once } from "node:events";
import { chownSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connectCluster, type KubeObject } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import { prepareCluster } from "../../node/control-plane/bootstrap-manifests.ts";
import type { ComponentPlaces } from "../../node/control-plane/component-arguments.ts";
import { writeComponentFiles } from "../../node/control-plane/component-files.ts";
import { giveTo } from "./give-to.ts";
import type { Runtime } from "./runtime.ts";
import { type ControlPlaneComponent, componentUsers, staticPods } from "./static-pods.ts";

const CONFIG = "/system/config/kubernetes";
const SECRETS = "/system/secrets/kubernetes";
const AUDIT = "/var/log/audit/kube";
const POLL_MS = 250;
const READY_TIMEOUT_MS = 5000;

export interface ContainedControlPlane {
  /** Where the kubelet finds its static pods, on the node's loopback. */
  readonly port: Promise<number>;
  readonly close: () => Promise<void>;
}

/**
 * Serves the control plane's static pods to the kubelet once etcd serves, as Talos does, and brings the cluster what every cluster of
 * Talos has.
 */
export function startContainedControlPlane(options: {
  readonly facts: ClusterFacts;
  readonly node: { readonly nodeName: string; readonly address: string };
  readonly clock: Clock;
  readonly runtime: Promise<Runtime>;
  readonly etcdServing: (signal: AbortSignal) => Promise<void>;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}): ContainedControlPlane {
  const { facts, node, clock, log, signal } = options;
  let pods: readonly KubeObject[] = [];
  const server = createServer((_asked, answer) => {
    answer.setHeader("content-type", "application/json");
    answer.end(JSON.stringify({ apiVersion: "v1", kind: "PodList", items: pods }));
  });
  const port = (async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  })();
  const work = (async () => {
    const { space } = await options.runtime;
    await options.etcdServing(signal);
    const places: ComponentPlaces = {
      address: node.address,
      secrets: SECRETS,
      config: CONFIG,
      audit: AUDIT,
      network: "own",
      root: space.path("/"),
    };
    const kubeconfigYaml = writeComponentFiles(places, facts, node, clock);
    mkdirSync(space.path(AUDIT), { recursive: true, mode: 0o700 });
    chownSync(space.path(AUDIT), componentUsers["kube-apiserver"], componentUsers["kube-apiserver"]);
    for (const name of Object.keys(componentUsers) as readonly ControlPlaneComponent[]) {
      for (const folder of [SECRETS, CONFIG]) giveTo(space.path(join(folder, name)), componentUsers[name]);
    }
    const all = staticPods(facts, places);
    // The others cannot start without it: a kubelet that tries all the same backs off for ten seconds.
    pods = all.filter((pod) => pod.metadata.name === "kube-apiserver");
    await apiServerReady(kubeconfigYaml, { clock, signal });
    pods = all;
    await prepareCluster({ kubeconfigYaml, facts, nodeName: node.nodeName, clock, log, signal });
  })().catch((error: unknown) => {
    if (!signal.aborted) log(`control plane: ${error instanceof Error ? error.message : String(error)}`);
  });
  return {
    port,
    close: async () => {
      await work;
      await port;
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function apiServerReady(
  kubeconfigYaml: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const cluster = connectCluster({ kubeconfigYaml }, { timeoutMs: READY_TIMEOUT_MS });
  try {
    for (;;) {
      const isReady = await cluster.readyz({ signal }).then(
        (answer) => answer.isReady,
        () => false,
      );
      if (isReady) return;
      await clock.sleep(POLL_MS, { signal });
    }
  } finally {
    await cluster.close();
  }
}
