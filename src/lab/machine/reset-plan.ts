import { machinePb } from "../../talos/api/index.ts";
import type { PartitionLabel, Wipe } from "../interior.ts";
import type { MachineDisk } from "./types.ts";

const { ResetRequest_WipeMode: Mode } = machinePb;

/** What one Reset does, in the order in which it does it. */
export interface ResetPlan {
  /** Drain and, on a control plane, leave etcd first. */
  readonly graceful: boolean;
  /** What of the system disk is wiped; undefined: nothing. */
  readonly wipe: Wipe | undefined;
  /** `/dev/sdb`; they hold nothing in the lab. */
  readonly userDisks: readonly string[];
  /** Reboot instead of powering off. */
  readonly reboot: boolean;
}

interface Inventory {
  readonly disks: readonly MachineDisk[];
  /** `/dev/sda`; undefined before an installation. */
  readonly systemDisk: string | undefined;
}

/**
 * Judges a request as machined does, before anything is done.
 *
 * @throws Error in Talos' words; such a call answers UNKNOWN
 */
export function planReset(request: machinePb.ResetRequest, { disks, systemDisk }: Inventory): ResetPlan {
  const { mode, userDisksToWipe: userDisks, systemPartitionsToWipe: partitions } = request;
  if (userDisks.length > 0 && mode === Mode.SYSTEM_DISK)
    throw new Error("reset failed: invalid input, wipe mode SYSTEM_DISK doesn't support UserDisksToWipe parameter");
  for (const device of userDisks) {
    const disk = disks.find(({ name }) => `/dev/${name}` === device);
    if (disk === undefined) throw new Error(`reset user disk failed: device ${device} wasn't found`);
    if (disk.readonly === true) throw new Error(`reset user disk failed: device ${device} is readonly`);
    if (device === systemDisk) throw new Error(`reset user disk failed: device ${device} is the system disk`);
  }
  if (partitions.length > 0 && mode === Mode.USER_DISKS)
    throw new Error(
      "reset failed: invalid input, wipe mode USER_DISKS doesn't support SystemPartitionsToWipe parameter",
    );
  for (const { label } of partitions) {
    if (!isPartition(label))
      throw new Error(
        `failed to get volume status with label ${JSON.stringify(label)}: ` +
          `resource VolumeStatuses.block.talos.dev(runtime/${label}@undefined) doesn't exist`,
      );
    if (systemDisk === undefined) throw new Error(`failed to reset: volume ${JSON.stringify(label)} is not located`);
  }
  const labels = partitions.filter(({ wipe }) => wipe).map(({ label }) => label as PartitionLabel);
  const wholeDisk = partitions.length === 0;
  return {
    graceful: request.graceful,
    wipe: mode === Mode.USER_DISKS ? undefined : wholeDisk ? { systemDisk: true } : { systemDisk: false, labels },
    userDisks,
    reboot: request.reboot,
  };
}

function isPartition(label: string): label is PartitionLabel {
  return label === "STATE" || label === "EPHEMERAL" || label === "META";
}
