import { z } from "zod";
import type { Fault } from "../faults.ts";
import type { MachineStage } from "../machine/types.ts";

const node = z.string().min(1);
const phase = z.enum(["applying", "installing", "rebooting", "booting", "running"]);

export const FaultSchema: z.ZodType<Fault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("drop-connections"), node, count: z.number().int().positive() }),
  z.strictObject({ kind: z.literal("slow-disk"), node, factor: z.number().positive() }),
  z.strictObject({ kind: z.literal("wrong-serial"), node }),
  z.strictObject({ kind: z.literal("refuse-install"), node }),
  z.strictObject({ kind: z.literal("dead"), node }),
  z.strictObject({ kind: z.literal("lose-power"), node, at: phase }),
]);

/** What a supervisor can be asked, one JSON object a line. */
export const RackCommand = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("status") }),
  z.strictObject({ do: z.literal("power-on"), node }),
  z.strictObject({ do: z.literal("power-off"), node }),
  z.strictObject({ do: z.literal("inject"), fault: FaultSchema }),
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
}

export interface RackStatus {
  readonly name: string;
  readonly slot: number;
  readonly endpoint: string;
  /** Whether machines run Kubernetes. */
  readonly kubernetes: boolean;
  /** Process id of the supervisor. */
  readonly pid: number;
  /** Memory of the supervisor in bytes. */
  readonly memoryBytes: number;
  readonly machines: readonly MachineStatus[];
}

export type RackAnswer =
  | { readonly ok: true; readonly status: RackStatus }
  | { readonly ok: false; readonly code: "LAB_NODE_UNKNOWN" | "BAD_REQUEST"; readonly message: string };

/** Bound of one line in bytes; a status of a full slot has about 150 KB. */
export const MAX_LINE_BYTES = 1024 * 1024;
