import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import type {
  AppliedConfig,
  BootstrapAnswer,
  BootstrapOrder,
  EtcdMember,
  InteriorHost,
  StaticPodStatus,
} from "../../interior.ts";
import { clusterFacts, type ReleaseImages } from "../../node/cluster-facts.ts";
import { writeEtcdFiles } from "../../node/control-plane/component-files.ts";
import type { Disk } from "../../node/disk.ts";
import { createEtcdService, type EtcdService } from "../../node/etcd/etcd-service.ts";
import { openRecoverySnapshot, type RecoverySnapshot } from "../../node/etcd/recovery-snapshot.ts";
import type { RunningProgram } from "../../node/running-program.ts";
import { startTcpForwarder, type TcpForwarder } from "../../node/tcp-forwarder.ts";
import { type ContainedControlPlane, startContainedControlPlane } from "./contained-control-plane.ts";
import { startContainer } from "./containers.ts";
import { giveTo } from "./give-to.ts";
import { etcdContainer, startKubelet } from "./kubelet.ts";
import { KUBE_PRISM } from "./kubelet-config.ts";
import { type NodeSight, watchNode } from "./node-sight.ts";
import { type Runtime, type RuntimeOptions, startRuntime } from "./runtime.ts";

export interface ContainedNodeOptions
  extends Omit<RuntimeOptions, "config" | "nodeName" | "address" | "pauseImage" | "signal" | "log" | "machined"> {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly release: ReleaseImages;
  /** Addresses of the other control planes, as a node would learn them from the cluster. */
  readonly peers: () => readonly string[];
}

/** One boot of a contained node, from the start of containerd until its power goes. */
export interface ContainedNode {
  /** Rejects when containerd did not come up. */
  readonly runtime: Promise<Runtime>;
  readonly bootstrap: (order: BootstrapOrder) => BootstrapAnswer;
  readonly etcd: EtcdService | undefined;
  readonly recovery: RecoverySnapshot;
  readonly etcdMembers: () => Promise<readonly EtcdMember[]>;
  readonly staticPods: () => readonly StaticPodStatus[];
  readonly nodeReady: () => boolean | undefined;
  readonly stop: (how: "shutdown" | "power-loss") => Promise<void>;
}

const ETCD_USER = 60;
const CRI_PROCESS =
  'Process(["/bin/containerd" "--address" "/run/containerd/containerd.sock" "--config" "/etc/cri/containerd.toml"])';

/** Does what Talos does once a node with a config has booted, from that config alone. */
export function startContainedNode(
  config: () => AppliedConfig,
  host: InteriorHost,
  options: ContainedNodeOptions,
): ContainedNode {
  const { clock, disk } = options;
  const life = new AbortController();
  const { signal } = life;
  const facts = clusterFacts(config(), options.release);
  const isControlPlane = config().role === "controlplane";
  // A full disk is one of memory, which only the node's own root has.
  const dataFolder = (): string =>
    options.varBytes === undefined || current === undefined
      ? join(disk.ephemeral, "lib", "etcd")
      : current.space.path("/var/lib/etcd");
  const recovery = openRecoverySnapshot(join(disk.ephemeral, "lib", "etcd.snapshot"));
  const processes = new Map<string, RunningProgram>();
  let kubePrism: TcpForwarder | undefined;
  let controlPlane: ContainedControlPlane | undefined;
  let sight: NodeSight | undefined;
  let etcd: EtcdService | undefined;
  let current: Runtime | undefined;

  host.service("containerd", "Running", "Health check successful", true);
  const runtime = (async () => {
    host.service("cri", "Starting", "Starting service");
    host.service("cri", "Preparing", "Running pre state");
    host.service("cri", "Preparing", "Creating service runner");
    const started = await startRuntime({
      ...options,
      config: config(),
      nodeName: host.nodeName,
      address: host.address,
      pauseImage: facts.images.pause,
      log: (line) => host.log("cri", line),
      machined: (line) => host.log("machined", line),
      signal,
    });
    host.service("cri", "Running", `${CRI_PROCESS} started with PID 137`);
    host.service("cri", "Running", "Health check successful", true);
    return started;
  })();

  const runPrism = async (): Promise<void> => {
    await runtime;
    const { hostname, port } = new URL(facts.endpoint);
    kubePrism = await startTcpForwarder(KUBE_PRISM, () => [
      ...(isControlPlane ? [{ host: "127.0.0.1", port: 6443 }] : []),
      { host: hostname, port: Number(port === "" ? 443 : port) },
      ...options.peers().map((peer) => ({ host: peer, port: 6443 })),
    ]);
  };
  const runKubelet = async (): Promise<void> => {
    await startKubelet({
      config: config(),
      facts,
      host,
      clock,
      runtime: await runtime,
      staticPodPort: await controlPlane?.port,
      signal,
      onProcess: (process) => processes.set("kubelet", process),
    });
  };
  const background = (service: string, work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      host.service(service, "Failed", `Failed to run pre stage: ${reason}`, false);
    });

  if (isControlPlane) {
    const node = { nodeName: host.nodeName, address: host.address };
    const running = createEtcdService({
      host,
      clock,
      get dataFolder() {
        return dataFolder();
      },
      secretsFolder: "/system/secrets/etcd",
      plan: {
        dataFolder: "/var/lib/etcd",
        secretsFolder: "/system/secrets/etcd",
        snapshot: "/var/lib/etcd.snapshot",
        network: "own",
      },
      recovery,
      credentials: () => {
        const { space } = opened();
        const folder = space.path("/system/secrets/etcd");
        const made = writeEtcdFiles(folder, facts, node, clock);
        giveTo(folder, ETCD_USER);
        return made;
      },
      program: async (name, call) => {
        const { images } = await runtime;
        await images.pullPatiently("system", facts.images.etcd, { signal: call });
        return `/usr/local/bin/${name}`;
      },
      startProcess: async (name, binary, args) => {
        const open = await runtime;
        mkdirSync(dataFolder(), { recursive: true, mode: 0o700 });
        // Without capabilities root may not write into a folder of the user of etcd.
        giveTo(dataFolder(), name === "etcd" ? ETCD_USER : 0);
        const plan = await etcdContainer(name, [binary, ...args], facts.images.etcd, {
          runtime: open,
          user: name === "etcd" ? ETCD_USER : 0,
          signal,
        });
        const process = await startContainer(open.space, name, plan, {
          onLine: (line) => host.log("etcd", line),
          signal,
        });
        processes.set(name, process);
        return process;
      },
      peers: options.peers,
      criUp: runtime.then(() => undefined),
    });
    etcd = running;
    running.start();
    controlPlane = startContainedControlPlane({
      facts,
      node,
      clock,
      runtime,
      etcdServing: running.serving,
      log: (line) => host.log("controlplane", line),
      signal,
    });
  }
  const opened = (): Runtime => {
    if (current === undefined) throw new Error("containerd is not up");
    return current;
  };
  const works = [
    background(
      "cri",
      runtime.then((started) => (current = started)),
    ),
    background("kubelet", runPrism()),
    background("kubelet", runKubelet()),
    background(
      "kubelet",
      runtime.then((open) => {
        sight = watchNode({ facts, host, clock, space: open.space, isControlPlane, signal });
      }),
    ),
  ];

  return {
    runtime,
    etcd,
    recovery,
    bootstrap: (order) => etcd?.bootstrap(order) ?? "accepted",
    etcdMembers: () => etcd?.members() ?? Promise.reject(new Error("etcd is not configured on a worker")),
    staticPods: () => sight?.staticPods() ?? [],
    nodeReady: () => sight?.nodeReady(),
    stop: async (how) => {
      life.abort();
      // Asked to end while everything still runs; a pulled plug asks nobody.
      if (how === "shutdown") {
        await processes.get("kubelet")?.end(how);
        // One that goes on serving keeps etcd from ending for seconds.
        await current?.space
          .run("killall", ["-KILL", "kube-apiserver"], { signal: AbortSignal.timeout(5000) })
          .catch(() => undefined);
        await etcd?.stop(how);
      }
      const open = await runtime.catch(() => undefined);
      await open?.kill();
      await etcd?.stop("power-loss");
      await controlPlane?.close();
      await kubePrism?.close();
      await sight?.close();
      await Promise.all(works);
    },
  };
}
