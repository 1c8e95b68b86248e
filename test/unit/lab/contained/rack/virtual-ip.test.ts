import { describe, expect, it } from "vitest";
import { virtualIpHolder } from "../../../../../src/lab/contained/rack/virtual-ip.ts";
import type { NetworkFault } from "../../../../../src/lab/faults.ts";

const planes = (...serving: readonly string[]) =>
  ["cp-1", "cp-2", "cp-3"].map((name) => ({ name, isServing: serving.includes(name) }));
const holder = (serving: readonly string[], current?: string, faults: readonly NetworkFault[] = []) =>
  virtualIpHolder(planes(...serving), { current, faults });

describe("virtualIpHolder()", () => {
  it("is nobody while no API server answers", () => {
    expect(holder([])).toBeUndefined();
  });

  it("stays where it is as long as that one answers", () => {
    expect(holder(["cp-1", "cp-2", "cp-3"], "cp-2")).toBe("cp-2");
    expect(holder(["cp-1", "cp-3"], "cp-2")).toBe("cp-1");
  });

  it("leaves one that is cut off from most control planes, or unplugged", () => {
    const all = ["cp-1", "cp-2", "cp-3"];

    expect(holder(all, "cp-1", [{ kind: "partition", node: "cp-1", with: [] }])).toBe("cp-2");
    expect(holder(all, "cp-1", [{ kind: "unplug", node: "cp-1" }])).toBe("cp-2");
    expect(holder(all, "cp-1", [{ kind: "unplug", node: "cp-2" }])).toBe("cp-1");
  });

  it("is nobody where no side has most of them", () => {
    const two = [
      { name: "cp-1", isServing: true },
      { name: "cp-2", isServing: true },
    ];

    expect(
      virtualIpHolder(two, { current: "cp-1", faults: [{ kind: "partition", node: "cp-1", with: [] }] }),
    ).toBeUndefined();
  });
});
