import { createHash } from "node:crypto";
import { type KubeObject, objectName, record } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { canonicalJson, type JsonValue } from "../../../lib/json.ts";
import type { ObjectStore } from "./object-store.ts";
import { type Pod, selects, tolerates } from "./pod.ts";
import { progressDeadlineMs, workloadStatus } from "./workload-status.ts";

/** A node as scheduling sees it, with the kubelet that runs what is put there. */
export interface SchedulableNode {
  readonly name: string;
  readonly taints: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly isReady: () => boolean;
  /** Starts a pod that was put here; called again after the node was away. */
  readonly run: (pod: Pod) => void;
}

const kinds = [
  ["apps/v1", "DaemonSet"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["batch/v1", "Job"],
  ["v1", "Pod"],
] as const;

/** How soon the controllers see a change. */
const REACT_MS = 500;

/** The controllers and the scheduler: workloads become pods, pods get nodes, and how far they are is told. */
export class Workloads {
  readonly #clock: Clock;
  readonly #store: ObjectStore;
  readonly #works: () => boolean;
  readonly #schedules: () => boolean;
  readonly #signal: AbortSignal;
  readonly #nodes = new Map<string, SchedulableNode>();
  readonly #pods = new Map<string, Pod>();
  /** When a workload last came forward, and how far it was, by name. */
  readonly #progress = new Map<string, { readonly atMs: number; readonly ready: number }>();
  #isDue = false;

  /** @param options.works - whether controllers run and reach the API now; `schedules`: whether the scheduler does */
  constructor(options: {
    readonly clock: Clock;
    readonly store: ObjectStore;
    readonly works: () => boolean;
    readonly schedules: () => boolean;
    readonly signal: AbortSignal;
  }) {
    this.#clock = options.clock;
    this.#store = options.store;
    this.#works = options.works;
    this.#schedules = options.schedules;
    this.#signal = options.signal;
  }

  /** A kubelet registered, or came back: what was put on its node is started. */
  attach(node: SchedulableNode): void {
    this.#nodes.set(node.name, node);
    for (const pod of this.podsOn(node.name)) {
      pod.state = { kind: "waiting", container: "", reason: "ContainerCreating", message: "" };
      node.run(pod);
    }
    this.changed();
  }

  /** Its node went away: pods stay where they are, and do not run. */
  detach(name: string): void {
    for (const pod of this.podsOn(name)) if (pod.state.kind !== "finished") pod.state = { kind: "lost" };
    this.#nodes.delete(name);
    this.changed();
  }

  podsOn(node: string): readonly Pod[] {
    return [...this.#pods.values()].filter((pod) => pod.node === node);
  }

  pods(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  /** Controllers look again in a moment. */
  readonly changed = (): void => {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.sleep(REACT_MS, { signal: this.#signal }).then(
      () => {
        this.#isDue = false;
        if (this.#works()) this.#reconcile();
      },
      () => undefined,
    );
  };

  /** The status of a workload as its controller would write it; undefined for other kinds. */
  statusOf(workload: KubeObject): Readonly<Record<string, unknown>> | undefined {
    if (!kinds.some(([apiVersion, kind]) => workload.apiVersion === apiVersion && workload.kind === kind))
      return undefined;
    const owner = objectName(workload);
    const progress = this.#progress.get(owner);
    // Its controller has not looked at it yet.
    if (progress === undefined) return {};
    const pods = this.pods().filter((pod) => pod.owner === owner);
    const isOverdue = this.#clock.now().getTime() - progress.atMs > progressDeadlineMs(workload);
    const wanted = this.#wanted(workload).length;
    const template = templateOf(workload);
    const isLate = pods.filter(({ state }) => state.kind === "running").length < wanted;
    const updated = pods.filter((pod) => pod.template === template);
    return workloadStatus(workload, { pods, updated, wanted, isOverdue: isOverdue && isLate });
  }

  #reconcile(): void {
    const owners = new Set<string>();
    for (const [apiVersion, kind] of kinds)
      for (const workload of this.#store.list(apiVersion, kind)) {
        owners.add(objectName(workload));
        this.#bringPods(workload);
      }
    for (const [key, pod] of this.#pods) if (!owners.has(pod.owner)) this.#pods.delete(key);
    if (!this.#schedules()) return;
    for (const pod of this.#pods.values()) if (pod.node === undefined) this.#schedule(pod);
  }

  #bringPods(workload: KubeObject): void {
    const owner = objectName(workload);
    const template = templateOf(workload);
    const wanted = new Map(this.#wanted(workload).map((place) => [place.name, place.node]));
    for (const [key, pod] of this.#pods)
      if (pod.owner === owner && (pod.template !== template || !wanted.has(pod.name))) this.#pods.delete(key);
    for (const [name, node] of wanted) {
      const key = `${workload.metadata.namespace}/${name}`;
      if (!this.#pods.has(key)) this.#pods.set(key, this.#newPod(workload, { name, node, owner, template }));
      const pod = this.#pods.get(key);
      if (pod?.node !== undefined && pod.state.kind === "pending") this.#start(pod);
    }
    const mine = this.pods().filter((pod) => pod.owner === owner);
    const ready = mine.filter(({ state }) => state.kind === "running").length;
    const before = this.#progress.get(owner);
    if (before === undefined || ready > before.ready)
      this.#progress.set(owner, { atMs: this.#clock.now().getTime(), ready });
  }

  /** The pods that a workload asks for: a DaemonSet's have their nodes, all others find one. */
  #wanted(workload: KubeObject): readonly { readonly name: string; readonly node: string | undefined }[] {
    const { name = "" } = workload.metadata;
    const spec = record(workload["spec"]) ?? {};
    if (workload.kind === "Pod") return [{ name, node: undefined }];
    if (workload.kind === "DaemonSet") {
      const pod = { spec: podSpecOf(workload) };
      const known = this.#store.list("v1", "Node").map((node) => node.metadata.name ?? "");
      const fitting = known.filter((each) => {
        const node = this.#nodes.get(each);
        return node === undefined || (tolerates(pod, node.taints) && selects(pod, node.labels));
      });
      return fitting.map((node) => ({ name: `${name}-${suffix(node)}`, node }));
    }
    const count = spec[workload.kind === "Job" ? "completions" : "replicas"];
    const names = Array.from({ length: typeof count === "number" ? count : 1 }, (_each, index) =>
      workload.kind === "StatefulSet" ? `${name}-${index}` : `${name}-${suffix(`${templateOf(workload)}/${index}`)}`,
    );
    return names.map((each) => ({ name: each, node: undefined }));
  }

  #newPod(
    workload: KubeObject,
    given: {
      readonly name: string;
      readonly node: string | undefined;
      readonly owner: string;
      readonly template: string;
    },
  ): Pod {
    const template = record(record(workload["spec"])?.["template"]);
    const labels = workload.kind === "Pod" ? workload.metadata.labels : record(template?.["metadata"])?.["labels"];
    return {
      ...given,
      namespace: workload.metadata.namespace ?? "default",
      labels: (labels ?? {}) as Readonly<Record<string, string>>,
      spec: podSpecOf(workload),
      created: this.#clock.now().toISOString(),
      state: { kind: "pending", reason: "no scheduler has looked at it yet" },
    };
  }

  /** The fitting node that is Ready and has the fewest pods; the first by name of those. */
  #schedule(pod: Pod): void {
    const nodes = [...this.#nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const loads = new Map<string, number>();
    for (const { node } of this.#pods.values()) if (node !== undefined) loads.set(node, (loads.get(node) ?? 0) + 1);
    const [best] = nodes
      .filter((node) => node.isReady() && tolerates(pod, node.taints) && selects(pod, node.labels))
      .sort((a, b) => (loads.get(a.name) ?? 0) - (loads.get(b.name) ?? 0));
    if (best === undefined) {
      pod.state = { kind: "pending", reason: `0/${nodes.length} nodes are available` };
      return;
    }
    pod.node = best.name;
    this.#start(pod);
  }

  #start(pod: Pod): void {
    const node = pod.node === undefined ? undefined : this.#nodes.get(pod.node);
    pod.state = { kind: "waiting", container: "", reason: "ContainerCreating", message: "" };
    node?.run(pod);
  }
}

function podSpecOf(workload: KubeObject): Readonly<Record<string, unknown>> {
  const spec = record(workload["spec"]) ?? {};
  if (workload.kind === "Pod") return spec;
  return record(record(spec["template"])?.["spec"]) ?? {};
}

function templateOf(workload: KubeObject): string {
  return suffix(canonicalJson((record(workload["spec"])?.["template"] ?? null) as JsonValue));
}

/** What pods have behind their names; follows from a text. Long enough that of hundreds no two are alike. */
function suffix(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
