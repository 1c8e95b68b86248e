import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultRack, type UpEnd } from "../support/contained-faults.ts";
import { type DemoSite, demoSite } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** A control plane that hears nothing of the other machines while a worker joins; the laptop reaches all of them. */
const lacking = await notContainable(4);
if (lacking !== undefined) console.warn(`\nSKIPPED: a partition of a contained rack: ${lacking}\n`);

const signal = AbortSignal.timeout(500_000);

describe.skipIf(lacking !== undefined)(`a control plane that is cut off (${lacking ?? "all is there"})`, () => {
  let site: DemoSite;
  beforeAll(async () => {
    site = await demoSite({ signal });
  });
  afterAll(async () => await site.remove());

  it("does not keep a worker from joining, is named, and is a member as before when it hears the others again", async () => {
    await using rack = await faultRack(site, "apart", { controlPlanes: 3, workers: 1, signal });
    await using middle = await rack.middle();
    await middle.order({ client: "10.5.0.5", do: "hold", afterBytes: 1_000_000 });
    const run = rack.up();

    await run.saw(
      ({ kind, phase, node }) => kind === "condition.waiting" && phase === "talos-health" && node === "w-1",
    );
    expect((await rack.sight()).etcd).toEqual(["cp-1 cp-2 cp-3"]);
    await rack.order({ do: "inject", fault: { kind: "partition", node: "cp-2", with: [] } });
    await middle.order({ client: "*", do: "pass" });
    const { reason } = await run.saw((event) => event.reason?.includes("the etcd of cp-2 does not answer") === true);
    await expect
      .poll(async () => (await rack.sight()).nodes, { timeout: 60_000, interval: 2000 })
      .toContain("w-1 current");
    await rack.order({ do: "clear" });

    const end = whole(await run.ended);
    console.log(`cp-2 was cut off: up took ${end.seconds} s; it said: ${reason}`);
    expect(await rack.sight()).toMatchObject({
      nodes: ["cp-1 current", "cp-2 current", "cp-3 current", "w-1 current"],
      etcd: ["cp-1 cp-2 cp-3"],
    });
  });
});

function whole(end: UpEnd): UpEnd {
  expect(end.code, `${end.stderr}\n${end.reasons().join("\n")}`).toBe(0);
  return end;
}
