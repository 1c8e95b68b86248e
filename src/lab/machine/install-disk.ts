import type { MachineDisk } from "./types.ts";
import { asRecord, textOf } from "./values.ts";

/**
 * The disk that `machine.install` means: the path, or what the selector matches first among the disks that can be written.
 *
 * @returns `/dev/sda`; undefined when there is none
 */
export function installDiskOf(
  v1alpha1: Readonly<Record<string, unknown>>,
  disks: readonly MachineDisk[],
): string | undefined {
  const install = asRecord(asRecord(v1alpha1["machine"])["install"]);
  const usable = disks.filter(({ cdrom, readonly }) => cdrom !== true && readonly !== true);
  const selector = asRecord(install["diskSelector"]);
  const path = textOf(install["disk"]);
  if (Object.keys(selector).length > 0) return devPath(usable.find((disk) => matches(disk, selector)));
  return devPath(usable.find((disk) => devPath(disk) === path || byId(disk).includes(path ?? "")));
}

function devPath(disk: MachineDisk | undefined): string | undefined {
  return disk && `/dev/${disk.name}`;
}

function byId(disk: MachineDisk): readonly string[] {
  return disk.serial === ""
    ? []
    : [`/dev/disk/by-id/${disk.transport}-${disk.model.replaceAll(" ", "_")}_${disk.serial}`];
}

function matches(disk: MachineDisk, selector: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(selector).every(([key, wanted]) => {
    const pattern = String(wanted);
    switch (key) {
      case "serial":
        return glob(pattern, disk.serial);
      case "model":
        return glob(pattern, disk.model);
      case "wwid":
        return glob(pattern, disk.wwid ?? "");
      case "name":
        return glob(pattern, `/dev/${disk.name}`);
      case "type":
        return typeOf(disk) === pattern;
      case "size":
        return sizeMatches(pattern, disk.sizeBytes);
      case "busPath":
        return glob(pattern, `/pci0000:00/0000:00:1f.2/${disk.name}`);
      default:
        return false;
    }
  });
}

function typeOf(disk: MachineDisk): string {
  if (disk.transport === "nvme") return "nvme";
  return disk.rotational ? "hdd" : "ssd";
}

function glob(pattern: string, text: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(text);
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

function sizeMatches(rule: string, bytes: number): boolean {
  const parts = /^(?<op><=|>=|<|>|==)?\s*(?<value>[\d.]+)\s*(?<unit>[a-zA-Z]*)$/.exec(rule.trim())?.groups;
  if (parts === undefined) return false;
  const wanted = Number(parts["value"]) * (UNITS[(parts["unit"] ?? "").toLowerCase()] ?? Number.NaN);
  switch (parts["op"]) {
    case "<":
      return bytes < wanted;
    case "<=":
      return bytes <= wanted;
    case ">":
      return bytes > wanted;
    case ">=":
      return bytes >= wanted;
    default:
      return bytes === wanted;
  }
}
