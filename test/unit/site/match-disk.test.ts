import { describe, expect, it } from "vitest";
import { type DiskFacts, type DiskSelector, matchDisks } from "../../../src/site/index.ts";

const disk = (facts: Partial<DiskFacts>): DiskFacts => ({
  devPath: "/dev/sda",
  sizeBytes: 500e9,
  serial: "S1",
  model: "Disk",
  wwid: "",
  transport: "sata",
  rotational: false,
  readonly: false,
  cdrom: false,
  ...facts,
});

const disks = [
  disk({}),
  disk({ devPath: "/dev/sdb", serial: "S2", rotational: true, sizeBytes: 4e12 }),
  disk({ devPath: "/dev/nvme0n1", serial: "N3", transport: "nvme", sizeBytes: 256 * 2 ** 30, model: "Fast One" }),
  disk({ devPath: "/dev/sr0", serial: "CD", cdrom: true }),
  disk({ devPath: "/dev/sdc", serial: "RO", readonly: true }),
];

describe("matchDisks()", () => {
  it.each<[string, DiskSelector, string[]]>([
    ["a serial number", { serial: "S2" }, ["/dev/sdb"]],
    ["a serial with a star", { serial: "S*" }, ["/dev/sda", "/dev/sdb"]],
    ["a dot that is a dot", { serial: "S.*" }, []],
    ["a path", { path: "/dev/sda" }, ["/dev/sda"]],
    ["a type", { type: "nvme" }, ["/dev/nvme0n1"]],
    ["a rotating disk", { type: "hdd" }, ["/dev/sdb"]],
    ["a size from below", { size: ">= 500 GB" }, ["/dev/sda", "/dev/sdb"]],
    ["a binary unit", { size: "256GiB" }, ["/dev/nvme0n1"]],
    ["a size from above", { size: "< 500 GB" }, ["/dev/nvme0n1"]],
    ["all properties together", { type: "ssd", size: "> 1 TB" }, []],
    ["a model", { model: "Fast*" }, ["/dev/nvme0n1"]],
    ["a read-only disk never", { serial: "RO" }, []],
    ["a CD-ROM never", { path: "/dev/sr0" }, []],
  ])("selects by %s", (_title, selector, expected) => {
    const matched = matchDisks(selector, disks);

    expect(matched.map((found) => found.devPath)).toEqual(expected);
  });
});
