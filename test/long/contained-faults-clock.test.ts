import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultRack } from "../support/contained-faults.ts";
import { type DemoSite, demoSite } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** A contained machine whose clock is an hour off is told from the others before anything is applied to it. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: clocks in contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(300_000);

describe.skipIf(lacking !== undefined)(`a contained machine whose clock is off (${lacking ?? "all is there"})`, () => {
  let site: DemoSite;
  beforeAll(async () => {
    site = await demoSite({ signal });
  });
  afterAll(async () => await site.remove());

  it("ends the run where it is a control plane, and nothing is applied to any machine", async () => {
    await using rack = await faultRack(site, "behind", { faults: ["clock=cp-1:-3600"], signal });

    const end = await rack.up().ended;

    expect({ code: end.code, error: end.error?.code, node: end.error?.where["node"] }).toEqual({
      code: 7,
      error: "NODE_CLOCK_WRONG",
      node: "cp-1",
    });
    expect(end.error?.message).toContain("60 minutes behind this laptop's");
    expect(end.error?.next.join("\n")).toContain("set the clock in the firmware of cp-1");
    expect([...(await rack.stages()).values()]).toEqual(["maintenance", "maintenance"]);
  });

  it("is set aside where it is a worker, and the others go on", async () => {
    await using rack = await faultRack(site, "ahead", { faults: ["clock=w-1:3600"], signal });

    const end = await rack.up("--until", "bootstrap-etcd").ended;

    expect(end.code, end.stderr).toBe(9);
    expect(end.setAside["w-1"]?.code).toBe("NODE_CLOCK_WRONG");
    expect(end.setAside["w-1"]?.message).toContain("60 minutes ahead of this laptop's");
    expect((await rack.stages()).get("w-1")).toBe("maintenance");
    expect((await rack.sight()).etcd).toEqual(["cp-1"]);
  });
});
