import { type Handlers, storagePb } from "../../../talos/api/index.ts";
import type { MachineDisk } from "../types.ts";
import type { CallPorts } from "./call-ports.ts";

const { Disk_DiskType: DiskType } = storagePb;

export function storageService({ boot }: CallPorts): Handlers<typeof storagePb.StorageService> {
  return {
    disks: async () => {
      const system = boot.ports.options.interior.installedDisk();
      const disks = boot.ports.disks.map((disk) => ({
        size: BigInt(disk.sizeBytes),
        model: disk.model,
        deviceName: `/dev/${disk.name}`,
        serial: disk.serial,
        wwid: disk.wwid ?? "",
        type: typeOf(disk),
        systemDisk: system === `/dev/${disk.name}`,
        subsystem: "/sys/class/block",
        readonly: disk.readonly === true,
      }));
      return { messages: [{ disks }] };
    },
  };
}

function typeOf(disk: MachineDisk): storagePb.Disk_DiskType {
  if (disk.cdrom === true) return DiskType.CD;
  if (disk.transport === "nvme") return DiskType.NVME;
  return disk.rotational ? DiskType.HDD : DiskType.SSD;
}
