import type { DiskSelector } from "./schema.ts";

/** What is known of a disk of a node (Talos resource Disks.block.talos.dev). */
export interface DiskFacts {
  readonly devPath: string;
  readonly sizeBytes: number;
  readonly serial: string;
  readonly model: string;
  readonly wwid: string;
  readonly transport: string;
  readonly rotational: boolean;
  readonly readonly: boolean;
  readonly cdrom: boolean;
}

/**
 * The disks that a selector means: all given properties must match; read-only disks and CD-ROMs never do.
 * Rules of Talos 1.13 `machine.install.diskSelector`, so that what we show is what the machine will choose.
 */
export function matchDisks(selector: DiskSelector, disks: readonly DiskFacts[]): readonly DiskFacts[] {
  return disks.filter(
    (disk) =>
      !disk.readonly &&
      !disk.cdrom &&
      (selector.path === undefined || selector.path === disk.devPath) &&
      (selector.serial === undefined || glob(selector.serial, disk.serial)) &&
      (selector.model === undefined || glob(selector.model, disk.model)) &&
      (selector.wwid === undefined || glob(selector.wwid, disk.wwid)) &&
      (selector.type === undefined || selector.type === kindOf(disk)) &&
      (selector.size === undefined || sizeMatches(selector.size, disk.sizeBytes)),
  );
}

/** The kind that `type:` selects; virtual and SATA disks count by whether they rotate. */
export function kindOf(disk: DiskFacts): "ssd" | "hdd" | "nvme" | "sd" {
  if (disk.transport === "nvme") return "nvme";
  if (disk.transport === "mmc") return "sd";
  return disk.rotational ? "hdd" : "ssd";
}

function glob(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(text);
}

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function sizeMatches(condition: string, sizeBytes: number): boolean {
  const parts = /^(<=|>=|<|>|==)? ?(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(condition);
  const wanted = Number(parts?.[2]) * (unitBytes[parts?.[3] ?? ""] ?? Number.NaN);
  switch (parts?.[1]) {
    case "<=":
      return sizeBytes <= wanted;
    case ">=":
      return sizeBytes >= wanted;
    case "<":
      return sizeBytes < wanted;
    case ">":
      return sizeBytes > wanted;
    default:
      return sizeBytes === wanted;
  }
}
