import { z } from "zod";
import type { Fault, NetworkFault } from "../faults.ts";
import type { MachineStage } from "../machine/types.ts";
import type { InteriorKind } from "./rack-file.ts";

const node = z.string().min(1);
const phase = z.enum(["applying", "installing", "rebooting", "booting", "running"]);

export const FaultSchema: z.ZodType<Fault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("drop-connections"), node, count: z.number().int().positive() }),
  z.strictObject({ kind: z.literal("slow-disk"), node, factor: z.number().positive() }),
  z.strictObject({ kind: z.literal("wrong-serial"), node }),
  z.strictObject({ kind: z.literal("refuse-install"), node }),
  z.strictObject({ kind: z.literal("dead"), node }),
  z.strictObject({ kind: z.literal("lose-power"), node, at: phase }),
  z.strictObject({ kind: z.literal("clock"), node, offsetSeconds: z.number() }),
  z.strictObject({ kind: z.literal("full-disk"), node, bytes: z.number().int().positive() }),
  z.strictObject({ kind: z.literal("loss"), node, percent: z.number().min(0).max(100) }),
  z.strictObject({ kind: z.literal("partition"), node, with: z.array(node).readonly() }),
  z.strictObject({ kind: z.literal("delay"), node, milliseconds: z.number().positive().max(60_000) }),
  z.strictObject({ kind: z.literal("unplug"), node }),
]);

/** What a supervisor can be asked, one JSON object a line. */
export const RackCommand = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("status") }),
  z.strictObject({ do: z.literal("power-on"), node }),
  z.strictObject({ do: z.literal("power-off"), node }),
  z.strictObject({ do: z.literal("inject"), fault: FaultSchema }),
  /** Ends what is wrong with the network; everything, or what matches. */
  z.strictObject({ do: z.literal("clear"), kind: z.string().optional(), node: node.optional() }),
  z.strictObject({ do: z.literal("stop") }),
]);
export type RackCommand = z.infer<typeof RackCommand>;

export interface MachineStatus {
  readonly name: string;
  readonly role: "controlplane" | "worker";
  readonly address: string;
  readonly stage: MachineStage;
  /** What it calls itself. */
  readonly nodeName: string;
  /** Contained: memory of the machine's process and of all that runs in it, in bytes, without caches of files. */
  readonly memoryBytes?: number;
}

export interface RackStatus {
  readonly name: string;
  readonly interior: InteriorKind;
  /** Modelled: its range of loopback addresses. */
  readonly slot?: number;
  readonly endpoint: string;
  /** Whether machines run Kubernetes. */
  readonly kubernetes: boolean;
  /** The process with which all of the rack ends: the supervisor, or what its namespaces hang on. */
  readonly pid: number;
  /** Memory of the supervisor in bytes. */
  readonly memoryBytes: number;
  readonly machines: readonly MachineStatus[];
  /** What is wrong with the network. */
  readonly networkFaults: readonly NetworkFault[];
  /** Contained: who has the virtual IP now. */
  readonly virtualIpOn?: string;
}

export type RackAnswer =
  | { readonly ok: true; readonly status: RackStatus }
  | {
      readonly ok: false;
      readonly code: "LAB_NODE_UNKNOWN" | "LAB_FAULT_UNSUITABLE" | "LAB_ORDER_FAILED" | "BAD_REQUEST";
      readonly message: string;
    };

/** Bound of one line in bytes; a status of a full slot has about 150 KB. */
export const MAX_LINE_BYTES = 1024 * 1024;
