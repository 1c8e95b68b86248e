import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultRack, faultRack, type UpEnd } from "../support/contained-faults.ts";
import { type DemoSite, demoSite } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** Machines that lose power at bad moments; `up` is not told. */
const lacking = await notContainable(4);
if (lacking !== undefined) console.warn(`\nSKIPPED: loss of power in contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);

describe.skipIf(lacking !== undefined)(`a contained machine that loses power (${lacking ?? "all is there"})`, () => {
  let site: DemoSite;
  beforeAll(async () => {
    site = await demoSite({ signal });
  });
  afterAll(async () => await site.remove());

  it("pulls the rest after its power is back: a worker in the middle of a layer", async () => {
    await using rack = await faultRack(site, "pull-w", { signal });
    await using middle = await rack.middle();
    await middle.order({ client: "10.5.0.3", do: "hold", afterBytes: 1_000_000 });
    const run = rack.up();

    await middle.did("held", "10.5.0.3");
    await rack.order({ do: "power-off", node: "w-1" });
    await middle.order({ client: "*", do: "pass" });
    await rack.order({ do: "power-on", node: "w-1" });

    const end = whole(await run.ended);
    console.log(`power lost while a worker pulled: up took ${end.seconds} s`);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current", "w-1 current"], etcd: ["cp-1"] });
  });

  it("is told to bootstrap again: the control plane while it pulls etcd's image", async () => {
    await using rack = await faultRack(site, "pull-cp", { signal });
    await using middle = await rack.middle();
    await middle.order({ client: "10.5.0.2", do: "hold", afterBytes: 1_000_000 });
    const run = rack.up();

    await run.saw(({ kind, phase }) => kind === "condition.waiting" && phase === "bootstrap-etcd");
    await middle.did("held", "10.5.0.2");
    await rack.order({ do: "power-off", node: "cp-1" });
    await middle.order({ client: "*", do: "pass" });
    await rack.order({ do: "power-on", node: "cp-1" });

    const end = whole(await run.ended);
    console.log(`power lost while the control plane pulled: up took ${end.seconds} s`);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current", "w-1 current"], etcd: ["cp-1"] });
  });

  it("is waited for: the control plane after Bootstrap, before it is healthy", async () => {
    await using rack = await faultRack(site, "health", { signal });
    const run = rack.up();

    await run.saw(({ kind, phase }) => kind === "phase.started" && phase === "api-server");
    await rack.order({ do: "power-off", node: "cp-1" });
    await rack.order({ do: "power-on", node: "cp-1" });

    const end = whole(await run.ended);
    console.log(`power lost after Bootstrap: up took ${end.seconds} s`);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current", "w-1 current"], etcd: ["cp-1"] });
  });

  it("is named where it was a learner of etcd, which Talos does not promote after another start", async () => {
    await using rack = await faultRack(site, "join", { controlPlanes: 3, workers: 0, signal });
    const run = rack.up("--until", "join-etcd");
    await run.saw(({ kind, phase }) => kind === "phase.started" && phase === "bootstrap-etcd");
    for (const node of ["cp-2", "cp-3"])
      await rack.order({ do: "inject", fault: { kind: "delay", node, milliseconds: 200 } });
    const learner = await firstWithData(rack, ["cp-2", "cp-3"]);
    // Cut off from its leader a learner stays one.
    await rack.order({ do: "inject", fault: { kind: "partition", node: learner, with: [] } });
    await run.saw((event) => event.reason?.includes(`${learner} (learner)`) === true);
    await rack.order({ do: "power-off", node: learner });
    await rack.order({ do: "clear" });
    await rack.order({ do: "power-on", node: learner });

    const end = await run.ended;
    console.log(`power lost while ${learner} was a learner: up took ${end.seconds} s: ${end.error?.message}`);
    expect({ code: end.code, error: end.error?.code, node: end.error?.where["node"] }, end.stderr).toEqual({
      code: 7,
      error: "ETCD_LEARNER_STUCK",
      node: learner,
    });
    expect((await rack.sight()).etcd.join()).toContain(`${learner} (learner)`);
  });

  it("is set aside and named where its power stays off: a worker; and is taken in by the next run", async () => {
    await using rack = await faultRack(site, "off", { signal });
    await rack.up("--until", "install").ended;
    await rack.order({ do: "power-off", node: "w-1" });

    const first = await rack.up("--until", "api-server").ended;

    expect(first.code, first.stderr).toBe(9);
    expect(Object.entries(first.setAside).map(([node, { code }]) => [node, code])).toEqual([
      ["w-1", "CONDITION_TIMED_OUT"],
    ]);
    expect(first.setAside["w-1"]?.message).toContain("is it powered on");
    await rack.order({ do: "power-on", node: "w-1" });
    whole(await rack.up().ended);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current", "w-1 current"], etcd: ["cp-1"] });
  });
});

/** The first of these machines whose etcd has begun to write. */
async function firstWithData({ folder }: FaultRack, nodes: readonly string[]): Promise<string> {
  for (;;) {
    const found = nodes.find((node) =>
      existsSync(join(folder, "nodes", node, "ephemeral", "lib", "etcd", "member", "wal")),
    );
    if (found !== undefined) return found;
    await sleep(20, undefined, { signal });
  }
}

function whole(end: UpEnd): UpEnd {
  expect(end.code, `${end.stderr}\n${end.reasons().join("\n")}`).toBe(0);
  return end;
}
