import { z } from "zod";
import { OperatorError } from "../../lib/errors/index.ts";
import type { MachineStageName, UnmetCondition } from "./events.ts";
import { invalid, type NodeResource, type ResourceCalls, type ResourceKind } from "./resource-calls.ts";
import type { CallOptions } from "./transport.ts";

export interface MachineStatus {
  readonly stage: MachineStageName;
  /** Means something in the stages booting and running only; elsewhere it is always true. */
  readonly ready: boolean;
  readonly unmetConditions: readonly UnmetCondition[];
}

export interface NodeDisk {
  /** `sda` */
  readonly name: string;
  /** `/dev/sda` */
  readonly devPath: string;
  readonly sizeBytes: number;
  readonly model: string;
  readonly serial: string;
  readonly wwid: string;
  readonly uuid: string;
  readonly busPath: string;
  /** `nvme`, `sata`, `virtio`, `usb`, … */
  readonly transport: string;
  readonly rotational: boolean;
  readonly readonly: boolean;
  readonly cdrom: boolean;
  readonly symlinks: readonly string[];
}

export interface SystemDisk {
  /** `sda` */
  readonly name: string;
  readonly devPath: string;
}

/** What the firmware says; boards without a name of their own say nothing, or all the same. */
export interface SystemInformation {
  readonly uuid: string;
  readonly serial: string;
}

export interface SecurityState {
  readonly secureBoot: boolean;
  readonly bootedWithUki: boolean;
}

export interface KnownResources {
  /** @throws NODE_NOT_FOUND in the first moments of a boot */
  readonly machineStatus: (options: CallOptions) => Promise<MachineStatus>;
  /** What is in force, byte for byte as it was applied, with all its secrets; undefined in maintenance. */
  readonly machineConfig: (options: CallOptions) => Promise<string | undefined>;
  /** All block devices that Talos calls disks, CD drives and read-only ones too, by name. */
  readonly disks: (options: CallOptions) => Promise<readonly NodeDisk[]>;
  /** undefined when Talos is not installed. */
  readonly systemDisk: (options: CallOptions) => Promise<SystemDisk | undefined>;
  /** undefined where the firmware tells nothing; in maintenance too. */
  readonly systemInformation: (options: CallOptions) => Promise<SystemInformation | undefined>;
  readonly securityState: (options: CallOptions) => Promise<SecurityState | undefined>;
}

/** The kinds that `get`, `list` and `watch` are asked for. */
export const resourceKinds = {
  machineStatus: { namespace: "runtime", type: "MachineStatuses.runtime.talos.dev" },
  disk: { namespace: "runtime", type: "Disks.block.talos.dev" },
  systemDisk: { namespace: "runtime", type: "SystemDisks.block.talos.dev" },
  systemInformation: { namespace: "hardware", type: "SystemInformations.hardware.talos.dev" },
  securityState: { namespace: "runtime", type: "SecurityStates.talos.dev" },
  machineConfig: { namespace: "config", type: "MachineConfigs.config.talos.dev" },
} as const satisfies Readonly<Record<string, ResourceKind>>;

const text = z.string().default("");
const flag = z.boolean().default(false);
// Talos prints a serial number of digits only without quotes.
const word = z.union([z.string(), z.number().transform(String)]).default("");

const stages = [
  "unknown",
  "booting",
  "installing",
  "maintenance",
  "running",
  "rebooting",
  "shutting down",
  "resetting",
  "upgrading",
] as const satisfies readonly MachineStageName[];

const machineStatusSpec = z.object({
  stage: z.enum(stages),
  status: z.object({
    ready: flag,
    unmetConditions: z.array(z.object({ name: text, reason: text })).default([]),
  }),
});

const diskSpec = z.object({
  dev_path: z.string(),
  size: z.number(),
  model: word,
  serial: word,
  wwid: word,
  uuid: word,
  bus_path: text,
  transport: text,
  rotational: flag,
  readonly: flag,
  cdrom: flag,
  symlinks: z.array(z.string()).nullable().default([]),
});

const systemDiskSpec = z.object({ diskID: z.string(), devPath: z.string() });
const systemInformationSpec = z.object({ uuid: word, serialnumber: word });
const securityStateSpec = z.object({ secureBoot: flag, bootedWithUKI: flag });

export function knownResources(node: string, { get, list }: ResourceCalls): KnownResources {
  const read = <T>(schema: z.ZodType<T>, resource: NodeResource): T => {
    const result = schema.safeParse(resource.spec);
    if (result.success) return result.data;
    throw invalid(node, `${resource.type} ${resource.id} of another shape`, result.error);
  };
  const one = async <T>(schema: z.ZodType<T>, kind: ResourceKind, id: string, options: CallOptions) => {
    const resource = await get(kind, id, options);
    return resource === undefined ? undefined : read(schema, resource);
  };
  return {
    machineStatus: async (options) => {
      const spec = await one(machineStatusSpec, resourceKinds.machineStatus, "machine", options);
      if (spec === undefined)
        throw new OperatorError("NODE_NOT_FOUND", `${node} has no machine status yet`, {
          where: { node },
          retry: "same",
        });
      return { stage: spec.stage, ready: spec.status.ready, unmetConditions: spec.status.unmetConditions };
    },
    machineConfig: (options) => one(z.string(), resourceKinds.machineConfig, "v1alpha1", options),
    disks: async (options) =>
      (await list(resourceKinds.disk, options)).map((resource) => {
        const { dev_path, size, bus_path, symlinks, ...same } = read(diskSpec, resource);
        return {
          ...same,
          name: resource.id,
          devPath: dev_path,
          sizeBytes: size,
          busPath: bus_path,
          symlinks: symlinks ?? [],
        };
      }),
    systemDisk: async (options) => {
      const spec = await one(systemDiskSpec, resourceKinds.systemDisk, "system-disk", options);
      return spec && { name: spec.diskID, devPath: spec.devPath };
    },
    systemInformation: async (options) => {
      const spec = await one(systemInformationSpec, resourceKinds.systemInformation, "systeminformation", options);
      return spec && { uuid: spec.uuid, serial: spec.serialnumber };
    },
    securityState: async (options) => {
      const spec = await one(securityStateSpec, resourceKinds.securityState, "securitystate", options);
      return spec && { secureBoot: spec.secureBoot, bootedWithUki: spec.bootedWithUKI };
    },
  };
}
