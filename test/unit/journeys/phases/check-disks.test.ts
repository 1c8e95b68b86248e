import { describe, expect, it } from "vitest";
import { planChecks } from "../../../../src/journeys/phases/check-disks.ts";
import { contextOf, siteOf } from "../up-context.ts";

const context = contextOf(siteOf("cp-1 w-1"));
const disk = (devPath: string) => ({
  devPath,
  sizeBytes: 256e9,
  serial: `S-${devPath.slice(-3)}`,
  model: "Disk",
  wwid: "",
  transport: "sata",
  rotational: false,
  readonly: false,
  cdrom: false,
});
const machine = (disks: readonly string[], skewMs?: number) => ({ disks: disks.map(disk), skewMs });
const refusalsOf = (machines: Parameters<typeof planChecks>[1]) =>
  planChecks(context, machines).flatMap((wave) =>
    wave.map(({ target, refusal, mayBeSetAside }) => `${target.name} ${refusal?.code} ${mayBeSetAside}`),
  );

describe("planChecks()", () => {
  it.each([
    ["one disk that matches, clock right", machine(["/dev/sda", "/dev/sdb"], 1000), undefined],
    ["a clock that is not told", machine(["/dev/sda"]), undefined],
    ["no disk that matches", machine(["/dev/sdb"], 0), "NODE_DISK_NOT_FOUND"],
    ["no disk at all", machine([], 0), "NODE_DISK_NOT_FOUND"],
    ["two disks that match", machine(["/dev/sda", "/dev/sda"], 0), "NODE_DISK_AMBIGUOUS"],
    ["two minutes ahead", machine(["/dev/sda"], 120_000), undefined],
    ["more than two minutes ahead", machine(["/dev/sda"], 120_001), "NODE_CLOCK_WRONG"],
    ["years behind, as with an empty battery", machine(["/dev/sda"], -9e11), "NODE_CLOCK_WRONG"],
    ["a wrong disk and a wrong clock", machine([], -9e11), "NODE_DISK_NOT_FOUND"],
  ])("judges a machine with %s", (_what, found, code) => {
    expect(refusalsOf(new Map([["cp-1", found]]))).toEqual(code === undefined ? [] : [`cp-1 ${code} false`]);
    expect(refusalsOf(new Map([["w-1", found]]))).toEqual(code === undefined ? [] : [`w-1 ${code} true`]);
  });

  it("refuses all that are in doubt at once, each step with its disks and what to do", () => {
    const [wave = []] = planChecks(context, new Map(["cp-1", "w-1"].map((name) => [name, machine(["/dev/sdb"], 0)])));

    expect(wave).toHaveLength(2);
    expect(wave[1]?.refusal?.problems[0]?.message).toBe("/dev/sdb  serial S-sdb  256 GB  Disk");
    expect(wave[1]?.refusal?.next.join()).toContain("skerry nodes disks w-1");
  });
});
