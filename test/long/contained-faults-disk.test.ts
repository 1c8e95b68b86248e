import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultRack, type UpEnd } from "../support/contained-faults.ts";
import { type DemoSite, demoSite } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** A contained machine whose disk has no room for images, and what `up` says of it. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: full disks in contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(500_000);
/** Enough for containerd itself, and not for the kubelet's image. */
const SMALL = 30_000_000;
const LARGE = 16_000_000_000;

describe.skipIf(lacking !== undefined)(`a contained machine with a full disk (${lacking ?? "all is there"})`, () => {
  let site: DemoSite;
  beforeAll(async () => {
    site = await demoSite({ signal });
  });
  afterAll(async () => await site.remove());

  it("is set aside where it is a worker, with its disk and its own words; and is taken in when there is room", async () => {
    await using rack = await faultRack(site, "worker", { faults: [`full-disk=w-1:${SMALL}`], signal });

    const first = await rack.up().ended;

    console.log(`full disk of a worker: up took ${first.seconds} s: ${first.setAside["w-1"]?.message}`);
    expect(first.code, first.stderr).toBe(9);
    expect(Object.keys(first.setAside)).toEqual(["w-1"]);
    expect(first.setAside["w-1"]).toMatchObject({ code: "NODE_DISK_FULL", where: { node: "w-1" } });
    expect(first.setAside["w-1"]?.message).toMatch(/\/dev\/sda.* of w-1 is full: .*no space left on device/);
    expect((await rack.sight()).nodes).toEqual(["cp-1 current"]);

    await rack.order({ do: "inject", fault: { kind: "full-disk", node: "w-1", bytes: LARGE } });
    await rack.order({ do: "power-off", node: "w-1" });
    await rack.order({ do: "power-on", node: "w-1" });
    whole(await rack.up().ended);
    expect((await rack.sight()).nodes).toEqual(["cp-1 current", "w-1 current"]);
  });

  it("ends the run where it is a control plane, and the next one goes on when there is room", async () => {
    await using rack = await faultRack(site, "control", { faults: [`full-disk=cp-1:${SMALL}`], workers: 0, signal });

    const first = await rack.up().ended;

    console.log(`full disk of a control plane: up took ${first.seconds} s: ${first.error?.message}`);
    expect({ code: first.code, error: first.error?.code, node: first.error?.where["node"] }, first.stderr).toEqual({
      code: 7,
      error: "NODE_DISK_FULL",
      node: "cp-1",
    });
    expect(first.error?.message).toMatch(/\/dev\/sda.* of cp-1 is full: .*no space left on device/);
    expect(first.error?.next.length).toBeGreaterThan(0);

    await rack.order({ do: "inject", fault: { kind: "full-disk", node: "cp-1", bytes: LARGE } });
    await rack.order({ do: "power-off", node: "cp-1" });
    await rack.order({ do: "power-on", node: "cp-1" });
    whole(await rack.up().ended);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current"], etcd: ["cp-1"] });
  });
});

function whole(end: UpEnd): UpEnd {
  expect(end.code, `${end.stderr}\n${end.reasons().join("\n")}`).toBe(0);
  return end;
}
