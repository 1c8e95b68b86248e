import { type MachineStageName, machinePb, type UnmetCondition } from "../../talos/api/index.ts";
import type { Interior } from "../interior.ts";
import type { EventLog } from "./event-log.ts";
import type { ResourceStore } from "./resource-store.ts";
import type { ServiceBoard } from "./service-board.ts";

/** What the status is judged by besides the services. */
export interface StatusInputs {
  readonly role: "controlplane" | "worker" | undefined;
  readonly nodeName: string;
  readonly timeSynced: boolean;
  readonly interior: Interior;
}

const { MachineStatusEventSchema, MachineStatusEvent_MachineStage: Stage } = machinePb;

/** Keeps the MachineStatus resource and its events true: stage, and what is still missing for ready. */
export class StatusKeeper {
  readonly #events: EventLog;
  readonly #resources: ResourceStore;
  readonly #services: ServiceBoard;
  readonly #inputs: () => StatusInputs;
  #stage: MachineStageName = "unknown";
  #last = "";

  constructor(options: {
    readonly events: EventLog;
    readonly resources: ResourceStore;
    readonly services: ServiceBoard;
    readonly inputs: () => StatusInputs;
  }) {
    this.#events = options.events;
    this.#resources = options.resources;
    this.#services = options.services;
    this.#inputs = options.inputs;
  }

  get stage(): MachineStageName {
    return this.#stage;
  }

  enter(stage: MachineStageName): void {
    this.#stage = stage;
    this.refresh();
  }

  /** Judges again and says so where something changed. */
  refresh(): void {
    const judged = this.#stage === "booting" || this.#stage === "running";
    const inputs = this.#inputs();
    if (judged) this.#mirrorKubernetes(inputs);
    const unmetConditions = judged ? unmet(this.#services, inputs) : [];
    const ready = unmetConditions.length === 0;
    const spec = { stage: this.#stage, status: { ready, unmetConditions } };
    const text = JSON.stringify(spec);
    if (text === this.#last) return;
    this.#last = text;
    this.#resources.set("machineStatus", "machine", spec);
    this.#events.publish(MachineStatusEventSchema, {
      stage: Stage[this.#stage.toUpperCase().replaceAll(" ", "_") as keyof typeof Stage],
      status: { ready, unmetConditions: [...unmetConditions] },
    });
  }

  #mirrorKubernetes({ interior, nodeName }: StatusInputs): void {
    for (const { id, ready } of interior.staticPods()) {
      const status = ready ? "True" : "False";
      const conditions = ["Ready", "ContainersReady"].map((type) => ({ lastProbeTime: null, status, type }));
      this.#resources.set("staticPodStatus", id, { conditions, phase: ready ? "Running" : "Pending" });
    }
    const nodeReady = interior.nodeReady();
    if (nodeReady === undefined) return;
    this.#resources.set("nodeStatus", nodeName, { nodename: nodeName, nodeReady, unschedulable: false });
  }
}

function unmet(services: ServiceBoard, inputs: StatusInputs): readonly UnmetCondition[] {
  const conditions: UnmetCondition[] = [];
  if (!inputs.timeSynced) conditions.push({ name: "time", reason: "time is not synced" });
  const missing = missingServices(services, inputs.role);
  if (missing.length > 0) conditions.push({ name: "services", reason: missing.join(", ") });
  const pods = inputs.interior.staticPods().filter(({ ready }) => !ready);
  if (pods.length > 0)
    conditions.push({ name: "staticPods", reason: pods.map(({ id }) => `${id} not ready`).join(", ") });
  const nodeReady = inputs.interior.nodeReady();
  if (nodeReady === undefined)
    conditions.push({ name: "nodeReady", reason: `node "${inputs.nodeName}" status is not available yet` });
  if (nodeReady === false) conditions.push({ name: "nodeReady", reason: `node "${inputs.nodeName}" is not ready` });
  return conditions;
}

function missingServices(services: ServiceBoard, role: StatusInputs["role"]): readonly string[] {
  const required = ["apid", "machined", "kubelet", ...(role === "controlplane" ? ["etcd", "trustd"] : [])];
  const others = services.ids().filter((id) => !required.includes(id));
  return [...required, ...others].flatMap((id) => {
    const service = services.get(id);
    if (service === undefined || service.state !== "Running") return [`${id} not running`];
    return service.healthy === false ? [`${id} not healthy`] : [];
  });
}
