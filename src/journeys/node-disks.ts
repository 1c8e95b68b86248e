import type { DiskFacts } from "../site/index.ts";
import type { NodeClient } from "../talos/api/index.ts";

/** The disks of a machine, from its own hardware resources; works in maintenance too. */
export async function readDisks(
  client: NodeClient,
  options: { readonly signal: AbortSignal },
): Promise<readonly DiskFacts[]> {
  const disks = await client.disks(options);
  return disks.map((disk) => ({
    devPath: disk.devPath,
    sizeBytes: disk.sizeBytes,
    serial: disk.serial,
    model: disk.model,
    wwid: disk.wwid,
    transport: disk.transport,
    rotational: disk.rotational,
    readonly: disk.readonly,
    cdrom: disk.cdrom,
  }));
}

/** "/dev/nvme0n1  serial S6B0NX0T  500.1 GB  Samsung SSD" */
export function describeDisk(disk: DiskFacts): string {
  const parts = [
    disk.devPath,
    disk.serial === "" ? "no serial" : `serial ${disk.serial}`,
    sizeText(disk.sizeBytes),
    disk.model,
    disk.readonly ? "read-only" : "",
    disk.cdrom ? "CD-ROM" : "",
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** Decimal units, as disks are sold. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"] as const;
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power]}`;
}
