import { describe, expect, it } from "vitest";
import {
  checkFaults,
  drawFaults,
  faultText,
  parseFault,
  powerLossStages,
} from "../../../../src/lab/rehearsal/faults.ts";

const field = { nodes: ["cp-1", "cp-2", "cp-3", "w-1", "w-2"], images: ["docker.io/library/web:1", "ghcr.io/x/y:2"] };
const seeds = Array.from({ length: 200 }, (_each, seed) => seed);

describe("drawFaults()", () => {
  it("draws the same for the same seed, and something else for most others", () => {
    const drawn = seeds.map((seed) => JSON.stringify(drawFaults(seed, "many", field)));

    expect(drawn).toEqual(seeds.map((seed) => JSON.stringify(drawFaults(seed, "many", field))));
    expect(new Set(drawn).size).toBeGreaterThan(150);
  });

  it("draws none, one or two, or one for every third machine and at least three", () => {
    for (const seed of seeds) {
      expect(drawFaults(seed, "none", field)).toEqual([]);
      expect([1, 2]).toContain(drawFaults(seed, "few", field).length);
      expect(drawFaults(seed, "many", field)).toHaveLength(3);
    }
    const nodes = Array.from({ length: 30 }, (_each, index) => `w-${index}`);
    expect(drawFaults(1, "many", { ...field, nodes })).toHaveLength(10);
  });

  it("strikes no machine twice, and in time every kind comes up", () => {
    const kinds = new Set<string>();
    for (const seed of seeds) {
      const faults = drawFaults(seed, "many", field);
      const struck = faults.flatMap((fault) => ("node" in fault ? [fault.node] : []));
      expect(new Set(struck).size).toBe(struck.length);
      for (const { kind } of faults) kinds.add(kind);
    }

    expect([...kinds].sort()).toEqual([
      "clock",
      "dead",
      "drop-connections",
      "image-missing",
      "lose-power",
      "refuse-install",
      "slow-disk",
      "wrong-serial",
    ]);
  });

  it("draws only what can be given on the command line too", () => {
    for (const seed of seeds)
      for (const fault of drawFaults(seed, "many", field)) expect(parseFault(faultText(fault))).toEqual(fault);
  });
});

describe("parseFault()", () => {
  it.each(powerLossStages)("knows a loss of power while %s", (at) => {
    expect(parseFault(`lose-power=cp-1:${at}`)).toEqual({ kind: "lose-power", node: "cp-1", at });
  });

  it("takes a colon for the sign of equality as well", () => {
    expect(parseFault("lose-power:cp-1:booting")).toEqual({ kind: "lose-power", node: "cp-1", at: "booting" });
  });

  it.each([
    "burn=w-1",
    "dead=w-1:now",
    "dead=",
    "slow-disk=w-1",
    "slow-disk=w-1:0",
    "slow-disk=w-1:fast",
    "drop-connections=w-1:1.5",
    "lose-power=w-1:tomorrow",
    "lose-power=w-1",
    "clock=w-1",
    "image-missing=",
    "",
  ])("refuses %j", (text) => {
    expect(parseFault(text)).toBeUndefined();
  });
});

describe("checkFaults()", () => {
  it.each([
    [{ kind: "dead", node: "w-9" } as const, "w-9"],
    [{ kind: "image-missing", image: "docker.io/library/other:1" } as const, "other"],
  ])("names what is not there: %j", (fault, name) => {
    expect(() => checkFaults([fault], field)).toThrow(
      expect.objectContaining({ code: "REHEARSAL_FAULT_UNKNOWN", message: expect.stringContaining(name) as string }),
    );
  });
});
