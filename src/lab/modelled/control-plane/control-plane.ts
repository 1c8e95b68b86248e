import { mkdirSync } from "node:fs";
import { connectCluster } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import { prepareCluster } from "../../node/control-plane/bootstrap-manifests.ts";
import {
  apiServerArguments,
  type ComponentPlaces,
  controllerManagerArguments,
  schedulerArguments,
} from "../../node/control-plane/component-arguments.ts";
import { writeComponentFiles } from "../../node/control-plane/component-files.ts";
import type { RunningProgram } from "../../node/running-program.ts";
import type { KeptImage } from "../images/image-table.ts";
import type { RunningStaticPod } from "../kubelet/mirror-keeper.ts";
import { healthOf } from "./component-health.ts";
import type { StaticPodName } from "./static-pods.ts";

export interface ControlPlaneOptions {
  readonly facts: ClusterFacts;
  readonly node: { readonly nodeName: string; readonly address: string };
  readonly places: ComponentPlaces;
  readonly clock: Clock;
  /** Pulls as containerd does for the kubelet, until it works. */
  readonly pull: (image: string, signal: AbortSignal) => Promise<KeptImage>;
  readonly program: (image: KeptImage, path: string, signal: AbortSignal) => Promise<string>;
  readonly startProcess: (name: StaticPodName, binary: string, args: readonly string[]) => Promise<RunningProgram>;
  /** Resolves when the machine's etcd serves. */
  readonly etcdServing: (signal: AbortSignal) => Promise<void>;
  readonly log: (line: string) => void;
  /** Told when a component is started, becomes ready or stops being so. */
  readonly onChange: () => void;
}

/** The real kube-apiserver, kube-controller-manager and kube-scheduler of one machine. */
export interface ControlPlane {
  readonly pods: () => readonly RunningStaticPod[];
  readonly stop: (how: "shutdown" | "power-loss") => Promise<void>;
}

interface Component {
  readonly name: StaticPodName;
  readonly image: string;
  readonly args: readonly string[];
  /** Answers when the component is ready. */
  readonly isReady: (signal: AbortSignal) => Promise<boolean>;
}

const POLL_MS = 500;
const WATCH_MS = 5000;
const RESTART_MS = 2000;

/** Starts the components in turn, so that two small cores are not asked for everything at once; keeps them running. */
export function startControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { facts, node, places, clock, log } = options;
  const life = new AbortController();
  const { signal } = life;
  const pods = new Map<StaticPodName, RunningStaticPod>();
  const processes = new Map<StaticPodName, RunningProgram>();
  const kubeconfigYaml = writeComponentFiles(places, facts, node, clock);
  mkdirSync(places.audit, { recursive: true, mode: 0o700 });
  const cluster = connectCluster({ kubeconfigYaml }, { timeoutMs: 5000 });

  const begin = async (component: Component): Promise<RunningProgram> => {
    const kept = await options.pull(component.image, signal);
    const path = `/usr/local/bin/${component.name}`;
    const binary = await options.program(kept, path, signal);
    const started = await options.startProcess(component.name, binary, component.args);
    processes.set(component.name, started);
    log(`started ${component.name} (PID ${started.pid}) from ${kept.name}`);
    const command = [path, ...component.args];
    const pod = { name: component.name, image: component.image, command, kept, ready: false, since: clock.now() };
    pods.set(component.name, pods.get(component.name) ?? pod);
    options.onChange();
    return started;
  };
  const mark = (name: StaticPodName, ready: boolean): void => {
    const pod = pods.get(name);
    if (pod === undefined || pod.ready === ready) return;
    pods.set(name, { ...pod, ready, since: clock.now() });
    log(`${name} is ${ready ? "ready" : "not ready"}`);
    options.onChange();
  };
  /** Starts one component and keeps it; resolves when it is ready for the first time. */
  const keep = async (component: Component): Promise<void> => {
    let started = await begin(component);
    const look = async (pauseMs: number): Promise<boolean> => {
      await clock.sleep(pauseMs, { signal });
      if (!started.running()) {
        mark(component.name, false);
        log(`${component.name} ended: ${await started.ended}; it is started again`);
        await clock.sleep(RESTART_MS, { signal });
        started = await begin(component);
        return false;
      }
      const ready = await component.isReady(signal).catch(() => false);
      signal.throwIfAborted();
      mark(component.name, ready);
      return ready;
    };
    while (!(await look(POLL_MS)));
    background(async () => {
      for (;;) await look(pods.get(component.name)?.ready === true ? WATCH_MS : POLL_MS);
    });
  };
  const background = (work: () => Promise<void>): void => {
    void work().catch((error: unknown) => {
      if (!signal.aborted) log(`control plane: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  background(async () => {
    await options.etcdServing(signal);
    await keep({
      name: "kube-apiserver",
      image: facts.images.apiServer,
      args: apiServerArguments(facts, places),
      isReady: async (call) => (await cluster.readyz({ signal: call })).isReady,
    });
    background(() => prepareCluster({ kubeconfigYaml, facts, nodeName: node.nodeName, clock, log, signal }));
    await keep({
      name: "kube-controller-manager",
      image: facts.images.controllerManager,
      args: controllerManagerArguments(facts, places),
      isReady: (call) => healthOf(`https://${places.address}:10257/healthz`, call),
    });
    await keep({
      name: "kube-scheduler",
      image: facts.images.scheduler,
      args: schedulerArguments(facts, places),
      isReady: (call) => healthOf(`https://${places.address}:10259/readyz`, call),
    });
  });
  return {
    pods: () => [...pods.values()],
    stop: async (how) => {
      life.abort();
      // The API server last, so that the others can give their leases back.
      await Promise.all([
        processes.get("kube-scheduler")?.end(how),
        processes.get("kube-controller-manager")?.end(how),
      ]);
      await processes.get("kube-apiserver")?.end(how);
      await cluster.close();
    },
  };
}
