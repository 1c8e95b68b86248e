import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import {
  AddressEventSchema,
  ConfigLoadErrorEventSchema,
  ConfigValidationErrorEventSchema,
  type Event,
  MachineStatusEvent_MachineStage as MachineStage,
  MachineStatusEventSchema,
  PhaseEvent_Action as PhaseAction,
  PhaseEventSchema,
  SequenceEvent_Action as SequenceAction,
  SequenceEventSchema,
  ServiceStateEvent_Action as ServiceAction,
  ServiceStateEventSchema,
  TaskEvent_Action as TaskAction,
  TaskEventSchema,
} from "./gen/machine/machine_pb.ts";

/** The stages of a machine by Talos' own words. */
export type MachineStageName =
  | "unknown"
  | "booting"
  | "installing"
  | "maintenance"
  | "running"
  | "rebooting"
  | "shutting down"
  | "resetting"
  | "upgrading";

export interface UnmetCondition {
  readonly name: string;
  readonly reason: string;
}

interface Identified {
  /** Sortable; empty for none. */
  readonly id: string;
  /** Tags the events of a sequence that a call started; empty for none. */
  readonly actorId: string;
}

export type NodeEvent = Identified &
  (
    | { readonly kind: "hello" }
    | {
        readonly kind: "sequence";
        readonly sequence: string;
        readonly action: "noop" | "start" | "stop";
        readonly error: string | undefined;
      }
    | { readonly kind: "phase"; readonly phase: string; readonly action: "start" | "stop" }
    | { readonly kind: "task"; readonly task: string; readonly action: "start" | "stop" }
    | {
        readonly kind: "service";
        readonly service: string;
        readonly action: string;
        readonly message: string;
        readonly healthy: boolean | undefined;
      }
    | {
        readonly kind: "status";
        readonly stage: MachineStageName;
        readonly ready: boolean;
        readonly unmetConditions: readonly UnmetCondition[];
      }
    | { readonly kind: "address"; readonly hostname: string; readonly addresses: readonly string[] }
    | { readonly kind: "config-error"; readonly error: string }
  );

const TYPE_URL = /^talos\/runtime\/(?<type>.+)$/;

/** An event as a plain value; undefined for kinds that this client does not know, which newer nodes may send. */
export function toNodeEvent(event: Event): NodeEvent | undefined {
  const tags = { id: event.id, actorId: event.actorId };
  const typeUrl = event.data?.typeUrl ?? "";
  if (typeUrl === "") return { ...tags, kind: "hello" };
  const body = <M extends DescMessage>(schema: M): MessageShape<M> =>
    fromBinary(schema, event.data?.value ?? new Uint8Array());
  switch (typeUrl.match(TYPE_URL)?.groups?.["type"]) {
    case SequenceEventSchema.typeName: {
      const { sequence, action, error } = body(SequenceEventSchema);
      return { ...tags, kind: "sequence", sequence, action: word(SequenceAction, action), error: error?.message };
    }
    case PhaseEventSchema.typeName: {
      const { phase, action } = body(PhaseEventSchema);
      return { ...tags, kind: "phase", phase, action: word(PhaseAction, action) };
    }
    case TaskEventSchema.typeName: {
      const { task, action } = body(TaskEventSchema);
      return { ...tags, kind: "task", task, action: word(TaskAction, action) };
    }
    case ServiceStateEventSchema.typeName: {
      const { service, action, message, health } = body(ServiceStateEventSchema);
      const healthy = health === undefined || health.unknown ? undefined : health.healthy;
      return { ...tags, kind: "service", service, action: word(ServiceAction, action), message, healthy };
    }
    case MachineStatusEventSchema.typeName: {
      const { stage, status } = body(MachineStatusEventSchema);
      const unmetConditions = (status?.unmetConditions ?? []).map(({ name, reason }) => ({ name, reason }));
      return { ...tags, kind: "status", stage: stageName(stage), ready: status?.ready ?? false, unmetConditions };
    }
    case AddressEventSchema.typeName: {
      const { hostname, addresses } = body(AddressEventSchema);
      return { ...tags, kind: "address", hostname, addresses };
    }
    case ConfigLoadErrorEventSchema.typeName:
      return { ...tags, kind: "config-error", error: body(ConfigLoadErrorEventSchema).error };
    case ConfigValidationErrorEventSchema.typeName:
      return { ...tags, kind: "config-error", error: body(ConfigValidationErrorEventSchema).error };
    default:
      return undefined;
  }
}

function stageName(stage: MachineStage): MachineStageName {
  const name = Object.entries(MachineStage).find(([, value]) => value === stage)?.[0] ?? "UNKNOWN";
  return name.toLowerCase().replaceAll("_", " ") as MachineStageName;
}

/** The lower-case name of an enum value. */
function word<E extends Readonly<Record<string, number>>>(names: E, value: number): Lowercase<keyof E & string> {
  const [name] = Object.entries(names).find(([, number]) => number === value) ?? [String(value)];
  return name.toLowerCase() as Lowercase<keyof E & string>;
}
