import { describe, expect, it } from "vitest";
import { abilityOf, type Finding, finding, modelledIn } from "../../../../src/lab/doctor/diagnosis.ts";

const found = (id: string, more: Partial<Finding>): Finding => ({
  group: "computer",
  id,
  title: id,
  ok: true,
  detail: "",
  needed: [],
  ...more,
});

describe("finding()", () => {
  it("says what to do next only where something is to be done", () => {
    expect(finding(found("a", { next: "do it" }))).not.toHaveProperty("next");
    expect(finding(found("a", { next: "do it", ok: false }))).toHaveProperty("next", "do it");
  });
});

describe("abilityOf()", () => {
  const findings = [
    found("root", { ok: false, needed: ["contained"] }),
    found("loopback", { ok: true, needed: ["modelled"] }),
    found("clock", { ok: false }),
  ];

  it("names what stands in the way, and then has no machines", () => {
    expect(abilityOf("contained", findings, 20)).toEqual({
      interior: "contained",
      ok: false,
      machines: 0,
      lacking: ["root"],
    });
  });

  it("is not kept from anything by what is only worth knowing, or what another interior needs", () => {
    expect(abilityOf("modelled", findings, 20)).toEqual({ interior: "modelled", ok: true, machines: 20, lacking: [] });
  });
});

describe("modelledIn()", () => {
  it.each([
    ["no more than there are addresses", { memoryMiB: 64_000, diskMiB: 64_000 }, 1007],
    ["what memory allows", { memoryMiB: 1300, diskMiB: 64_000 }, 100],
    ["what disk allows", { memoryMiB: 64_000, diskMiB: 1124 }, 50],
    ["none where not even the first fits", { memoryMiB: 300, diskMiB: 64_000 }, 0],
    ["what disk allows where memory is not told", { memoryMiB: undefined, diskMiB: 1124 }, 50],
  ])("gives %s", (_what, room, machines) => {
    expect(modelledIn(room, 1007)).toBe(machines);
  });
});
