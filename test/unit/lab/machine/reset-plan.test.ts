import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { planReset } from "../../../../src/lab/machine/reset-plan.ts";
import type { MachineDisk } from "../../../../src/lab/machine/types.ts";
import { machinePb } from "../../../../src/talos/api/index.ts";

const { ResetRequest_WipeMode: Mode } = machinePb;
const disk = (name: string, rest: Partial<MachineDisk> = {}): MachineDisk => ({
  name,
  sizeBytes: 1e9,
  model: "LAB",
  serial: name,
  transport: "sata",
  rotational: false,
  ...rest,
});
const disks = [disk("sda"), disk("sdb"), disk("sr0", { readonly: true })];
const plan = (request: MessageInitShape<typeof machinePb.ResetRequestSchema>, systemDisk: string | undefined) =>
  planReset(create(machinePb.ResetRequestSchema, request), { disks, systemDisk });
const partition = (label: string, wipe = true) => ({ label, wipe });

describe("planReset()", () => {
  it.each([
    ["the whole system disk by default", {}, { systemDisk: true }],
    ["the whole system disk beside a user's", { userDisksToWipe: ["/dev/sdb"] }, { systemDisk: true }],
    [
      "the partitions that are named",
      { systemPartitionsToWipe: [partition("STATE"), partition("EPHEMERAL")] },
      { systemDisk: false, labels: ["STATE", "EPHEMERAL"] },
    ],
    [
      "nothing of partitions that are named without a wipe",
      { systemPartitionsToWipe: [partition("STATE", false)] },
      { systemDisk: false, labels: [] },
    ],
    ["nothing of it where only user disks are meant", { mode: Mode.USER_DISKS }, undefined],
  ])("wipes %s", (_what, request, wipe) => {
    expect(plan(request, "/dev/sda").wipe).toEqual(wipe);
  });

  it.each([
    [
      "user disks together with the mode for the system disk",
      { mode: Mode.SYSTEM_DISK, userDisksToWipe: ["/dev/sdb"] },
      "wipe mode SYSTEM_DISK doesn't support UserDisksToWipe parameter",
    ],
    [
      "partitions together with the mode for user disks",
      { mode: Mode.USER_DISKS, systemPartitionsToWipe: [partition("STATE")] },
      "wipe mode USER_DISKS doesn't support SystemPartitionsToWipe parameter",
    ],
    ["a disk that is not there", { userDisksToWipe: ["/dev/sdz"] }, "device /dev/sdz wasn't found"],
    ["a disk that cannot be written", { userDisksToWipe: ["/dev/sr0"] }, "device /dev/sr0 is readonly"],
    ["the system disk as a user disk", { userDisksToWipe: ["/dev/sda"] }, "device /dev/sda is the system disk"],
    [
      "a partition that Talos does not know",
      { systemPartitionsToWipe: [partition("DATA")] },
      "resource VolumeStatuses.block.talos.dev(runtime/DATA@undefined) doesn't exist",
    ],
  ])("refuses %s", (_what, request, reason) => {
    expect(() => plan(request, "/dev/sda")).toThrow(reason);
  });

  it("refuses partitions of a machine without an installation", () => {
    expect(() => plan({ systemPartitionsToWipe: [partition("STATE")] }, undefined)).toThrow(
      'volume "STATE" is not located',
    );
  });
});
