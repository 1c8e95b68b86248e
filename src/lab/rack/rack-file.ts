import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isRackId } from "../contained/node/cgroups.ts";
import type { Fault } from "../faults.ts";
import { writeWhole } from "../node/disk.ts";

const Node = z.object({
  name: z.string(),
  role: z.enum(["controlplane", "worker"]),
  address: z.string(),
  hardware: z.object({
    uuid: z.string(),
    serial: z.string(),
    mac: z.string(),
    disks: z
      .array(
        z.object({
          name: z.string(),
          sizeBytes: z.number(),
          model: z.string(),
          serial: z.string(),
          wwid: z.string(),
          transport: z.enum(["nvme", "sata", "virtio", "usb", "sas", "mmc"]),
          rotational: z.boolean(),
        }),
      )
      .readonly(),
  }),
  /** Whether its power is on when the supervisor starts. */
  powered: z.boolean(),
});

const RackTimings = z.object({
  bootMs: z.number(),
  installMs: z.number(),
  rebootMs: z.number(),
  drainMs: z.number(),
  listenGapMs: z.number(),
  failurePauseMs: z.number(),
  pullRetryMs: z.number(),
  backOffMs: z.object({ first: z.number(), longest: z.number() }),
  serviceMs: z.number(),
});

const common = z.object({
  version: z.literal(1),
  name: z.string(),
  /** Marks every process and control group of the rack. */
  id: z.string().refine(isRackId),
  /** Where the site's endpoint is: a forwarder, a virtual IP, or a machine's own address. */
  endpoint: z.string(),
  talos: z.string(),
  kubernetesVersion: z.string(),
  /** Whether machines run Kubernetes. */
  kubernetes: z.boolean(),
  seed: z.number().int(),
  timings: RackTimings,
  nodes: z.array(Node),
  faults: z.array(z.custom<Fault>((value) => typeof value === "object" && value !== null)),
  /** The site.yaml that the rack was made from. */
  sourceSite: z.string(),
  /** When its supervisor was last started, RFC 3339. */
  started: z.string(),
});

const RackFile = z.discriminatedUnion("interior", [
  common.extend({ interior: z.literal("modelled"), slot: z.number().int() }),
  common.extend({
    interior: z.literal("contained"),
    /** The lab root filesystem. */
    rootfs: z.string(),
    /** Absent: the endpoint is a machine's own address. */
    virtualIp: z.string().optional(),
  }),
]);

/** `rack.json`: what a rack is, for its supervisor and for whoever finds it later. */
export type RackFile = Readonly<z.infer<typeof RackFile>>;
export type ContainedRackFile = Extract<RackFile, { readonly interior: "contained" }>;
export type ModelledRackFile = Extract<RackFile, { readonly interior: "modelled" }>;
export type InteriorKind = RackFile["interior"];
export type RackNode = RackFile["nodes"][number];
export type RackHardware = Readonly<RackNode["hardware"]>;
export type RackTimings = RackFile["timings"];

/** The paths of one rack. @param stateDir - STATE of the decision record on interfaces */
export function rackPaths(stateDir: string, name: string) {
  return rackPathsOf(join(stateDir, "racks", name));
}

/** As rackPaths, from the rack's own folder. */
export function rackPathsOf(folder: string) {
  return {
    folder,
    rackFile: join(folder, "rack.json"),
    /** Process ids of the supervisor and of all that it started. */
    processes: join(folder, "processes.ndjson"),
    socket: join(folder, "control.sock"),
    /** Written by a supervisor that ends because somebody else has its addresses. */
    slotTaken: join(folder, "slot-taken"),
    log: join(folder, "supervisor.log"),
    site: join(folder, "site", "site.yaml"),
    nodes: join(folder, "nodes"),
    blobs: join(folder, "store", "blobs"),
    programs: join(folder, "store", "bin"),
  } as const;
}

export type RackPaths = ReturnType<typeof rackPaths>;

/** Addresses of the other control planes. */
export function peersOf(nodes: readonly RackNode[], node: RackNode): readonly string[] {
  return nodes
    .filter((other) => other.role === "controlplane" && other.name !== node.name)
    .map((other) => other.address);
}

/** @returns undefined where there is no rack, or none that this version can read */
export function readRackFile(file: string): RackFile | undefined {
  try {
    const parsed = RackFile.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

export function writeRackFile(file: string, rack: RackFile): void {
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  writeWhole(file, JSON.stringify(rack, undefined, 2));
}
