import { describe, expect, it } from "vitest";
import { isReachable, networkRules } from "../../../../../src/lab/contained/rack/network-rules.ts";

const nodes = ["cp-1", "cp-2", "w-1"];
const drops = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.includes("drop"))
    .map((line) => line.trim());

describe("networkRules()", () => {
  it("replaces what was there in one step, also by nothing", () => {
    expect(networkRules(nodes, [])).toBe("table bridge skerry\ndelete table bridge skerry\n");
    expect(networkRules(nodes, [{ kind: "loss", node: "w-1", percent: 20 }])).toMatch(
      /^table bridge skerry\ndelete table bridge skerry\ntable bridge skerry \{\n {2}chain forward \{\n/,
    );
  });

  it("loses of what a machine hears and of what it says", () => {
    expect(drops(networkRules(nodes, [{ kind: "loss", node: "w-1", percent: 2.5 }]))).toEqual([
      'oifname { "p3", "s3" } numgen random mod 1000 < 25 drop',
      'iifname { "p3", "s3" } numgen random mod 1000 < 25 drop',
    ]);
  });

  it("loses all without throwing a die, and nothing without a rule", () => {
    expect(drops(networkRules(nodes, [{ kind: "loss", node: "laptop", percent: 100 }]))).toEqual([
      'oifname { "p0", "s0" } drop',
      'iifname { "p0", "s0" } drop',
    ]);
    expect(drops(networkRules(nodes, [{ kind: "loss", node: "w-1", percent: 0 }]))).toEqual([]);
  });

  it("separates two groups of machines and leaves the laptop out of it", () => {
    expect(drops(networkRules(nodes, [{ kind: "partition", node: "cp-1", with: ["w-1"] }]))).toEqual([
      'iifname { "p1", "s1", "p3", "s3" } oifname { "p2", "s2" } drop',
      'iifname { "p2", "s2" } oifname { "p1", "s1", "p3", "s3" } drop',
    ]);
    expect(drops(networkRules(nodes, [{ kind: "partition", node: "cp-1", with: ["cp-2", "w-1"] }]))).toEqual([]);
  });

  it("has no rule for what is done to cables and by processes", () => {
    const faults = [
      { kind: "unplug", node: "w-1" },
      { kind: "delay", node: "w-1", milliseconds: 50 },
    ] as const;

    expect(drops(networkRules(nodes, faults))).toEqual([]);
  });
});

describe("isReachable()", () => {
  it("is false across a partition, not inside either group, and never for the laptop", () => {
    const faults = [{ kind: "partition", node: "cp-1", with: [] }] as const;

    expect(isReachable("cp-1", "cp-2", faults)).toBe(false);
    expect(isReachable("w-1", "cp-1", faults)).toBe(false);
    expect(isReachable("w-1", "cp-2", faults)).toBe(true);
    expect(isReachable("laptop", "cp-1", faults)).toBe(true);
  });

  it("is false for what is unplugged, and true in spite of loss and delay", () => {
    expect(isReachable("w-1", "cp-1", [{ kind: "unplug", node: "w-1" }])).toBe(false);
    expect(isReachable("w-1", "cp-1", [{ kind: "loss", node: "w-1", percent: 100 }])).toBe(true);
  });
});
