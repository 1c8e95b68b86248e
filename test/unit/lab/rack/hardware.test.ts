import { describe, expect, it } from "vitest";
import { hardwareFor } from "../../../../src/lab/rack/hardware.ts";
import { type DiskSelector, matchDisks, type SiteNode } from "../../../../src/site/index.ts";

const nodeWith = (disk: DiskSelector): SiteNode => ({
  name: "n",
  role: "worker",
  address: "10.5.0.2",
  disk,
  patches: [],
});
const matching = (disk: DiskSelector) =>
  matchDisks(
    disk,
    hardwareFor(nodeWith(disk), 1).disks.map((item) => ({
      ...item,
      devPath: `/dev/${item.name}`,
      readonly: false,
      cdrom: false,
    })),
  );

describe("hardwareFor()", () => {
  it.each<DiskSelector>([
    { serial: "S6B0NX0T" },
    { serial: "S6B*" },
    { path: "/dev/sda" },
    { path: "/dev/nvme0n1" },
    { path: "/dev/sdb" },
    { type: "nvme", size: ">= 200 GB" },
    { type: "hdd" },
    { type: "ssd", size: "== 480 GB" },
    { type: "sd" },
    { size: "<= 64 GB" },
    { size: "> 2 TB" },
    { model: "Samsung*" },
    { wwid: "naa.5000c500a1b2c3d4" },
  ])("makes disks of which exactly one is meant by %j", (disk) => {
    expect(matching(disk)).toHaveLength(1);
  });

  it("adds a disk that must not be taken", () => {
    expect(hardwareFor(nodeWith({ path: "/dev/sda" }), 1).disks.map((disk) => disk.name)).toEqual(["sda", "sdb"]);
  });

  it("makes the same hardware of the same seed, another of another", () => {
    const node = nodeWith({ type: "ssd" });

    expect(hardwareFor(node, 7)).toEqual(hardwareFor(node, 7));
    expect(hardwareFor(node, 7).uuid).not.toBe(hardwareFor(node, 8).uuid);
  });

  it("refuses a selector that no disk can match", () => {
    expect(() => hardwareFor(nodeWith({ size: "< 0 B" }), 1)).toThrow(
      expect.objectContaining({ code: "LAB_DISK_IMPOSSIBLE" }) as Error,
    );
  });
});
