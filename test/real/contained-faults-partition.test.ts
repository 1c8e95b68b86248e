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
    await rack.order({ do: "power-off", node: "w-1" });
    await rack.order({ do: "inject", fault: { kind: "unplug", node: "w-1" } });
    const run = rack.up();

    await run.saw(({ kind, phase }) => kind === "phase.started" && phase === "nodes-ready");
    await rack.order({ do: "clear" });
    const end = whole(await run.ended);
    console.log(`up took ${end.seconds} s`);
  });
});

function whole(end: UpEnd): UpEnd {
  expect(end.code, `${end.stderr}\n${end.reasons().join("\n")}`).toBe(0);
  return end;
}
