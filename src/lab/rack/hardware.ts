import { createHash } from "node:crypto";
import { OperatorError } from "../../lib/errors/index.ts";
import { type DiskSelector, matchDisks, type SiteNode } from "../../site/index.ts";
import type { RackHardware } from "./rack-file.ts";

type RackDisk = RackHardware["disks"][number];

const GB = 1e9;

/**
 * The hardware of a simulated machine, such that the node's own disk selector means exactly one of its disks: the one that it
 * names, beside a small one that it must not take.
 *
 * @param seed - the same seed gives the same serials and addresses
 * @throws OperatorError LAB_DISK_IMPOSSIBLE
 */
export function hardwareFor(node: SiteNode, seed: number): RackHardware {
  const hex = createHash("sha256").update(`${seed}/${node.name}`).digest("hex");
  const wanted = wantedDisk(node.disk, hex);
  const decoy: RackDisk = {
    name: wanted.name === "sdb" ? "sdc" : "sdb",
    sizeBytes: decoySize(node.disk.size),
    model: "Skerry Stick",
    serial: `STICK${hex.slice(0, 6).toUpperCase()}`,
    wwid: `naa.5${hex.slice(6, 21)}`,
    transport: wanted.transport === "usb" ? "sata" : "usb",
    // The other kind than what is wanted, so that a selector by type alone is enough.
    rotational: !wanted.rotational,
  };
  const disks = [wanted, decoy];
  const mac = node.link === undefined ? {} : { mac: node.link };
  const found = matchDisks(node.disk, disks.map(factsOf));
  if (found.length !== 1 || found[0]?.devPath !== `/dev/${wanted.name}`) {
    // A selector that a stick matches as well: the machine then has only the one disk.
    if (matchDisks(node.disk, [factsOf(wanted)]).length !== 1) {
      throw new OperatorError("LAB_DISK_IMPOSSIBLE", `no disk can match the selector of ${node.name}`, {
        where: { node: node.name },
        next: ["correct its `disk:` in site.yaml"],
      });
    }
    return { ...identity(hex), ...mac, disks: [wanted] };
  }
  return { ...identity(hex), ...mac, disks };
}

function wantedDisk(selector: DiskSelector, hex: string): RackDisk {
  const type = selector.type ?? (selector.path?.startsWith("/dev/nvme") === true ? "nvme" : "ssd");
  const transports = { ssd: "sata", hdd: "sata", nvme: "nvme", sd: "mmc" } as const;
  return {
    name: selector.path?.slice("/dev/".length) ?? (type === "nvme" ? "nvme0n1" : "sda"),
    sizeBytes: wantedSize(selector.size),
    model: concrete(selector.model) ?? "Skerry Disk",
    serial: concrete(selector.serial) ?? `SK${hex.slice(0, 10).toUpperCase()}`,
    wwid: concrete(selector.wwid) ?? `naa.6${hex.slice(21, 36)}`,
    transport: transports[type],
    rotational: type === "hdd",
  };
}

/** A text that the pattern means: `*` and `?` become plain letters. */
function concrete(pattern: string | undefined): string | undefined {
  return pattern?.replaceAll("*", "0").replaceAll("?", "0");
}

function identity(hex: string) {
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const pairs = hex.slice(32, 38).match(/../g) ?? [];
  return { uuid, serial: hex.slice(40, 50).toUpperCase(), mac: `52:54:00:${pairs.join(":")}` };
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function parseSize(condition: string | undefined) {
  const parts = /^(<=|>=|<|>|==)? ?(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(condition ?? "");
  if (parts === null) return undefined;
  return { comparison: parts[1] ?? "==", bytes: Number(parts[2]) * (UNITS[parts[3] ?? ""] ?? 1) };
}

function wantedSize(condition: string | undefined): number {
  const size = parseSize(condition);
  if (size === undefined) return 256 * GB;
  switch (size.comparison) {
    case ">":
    case ">=":
      return Math.max(256 * GB, 2 * size.bytes);
    case "<":
    case "<=":
      return Math.floor(size.bytes / 2);
    default:
      return size.bytes;
  }
}

/** A stick of 8 GB; where a small disk is wanted, one that is too large. */
function decoySize(condition: string | undefined): number {
  const size = parseSize(condition);
  if (size === undefined) return 8 * GB;
  return size.comparison.startsWith("<") ? 2 * size.bytes : 8 * GB;
}

function factsOf(disk: RackDisk) {
  return {
    devPath: `/dev/${disk.name}`,
    sizeBytes: disk.sizeBytes,
    serial: disk.serial,
    model: disk.model,
    wwid: disk.wwid,
    transport: disk.transport,
    rotational: disk.rotational,
    readonly: false,
    cdrom: false,
  };
}
