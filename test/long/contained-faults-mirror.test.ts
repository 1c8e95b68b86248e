import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultRack, type UpEnd } from "../support/contained-faults.ts";
import { type DemoSite, demoSite } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** What machines say of a mirror that breaks off or is another's, and what `up` makes of it. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: mirrors of contained racks: ${lacking}\n`);

const signal = AbortSignal.timeout(500_000);

describe.skipIf(lacking !== undefined)(`the mirror of a contained rack (${lacking ?? "all is there"})`, () => {
  let site: DemoSite;
  beforeAll(async () => {
    site = await demoSite({ signal });
  });
  afterAll(async () => await site.remove());

  it("stops in the middle of a layer: up waits, says why, and ends well once it is back", async () => {
    await using rack = await faultRack(site, "cut", { signal });
    await using middle = await rack.middle();
    // Past the installer, into the kubelet's image and etcd's.
    await middle.order({ client: "*", do: "cut", afterBytes: 1_000_000 });
    const run = rack.up();

    await Promise.all([middle.did("cut", "10.5.0.2"), middle.did("cut", "10.5.0.3")]);
    const { reason, node } = await run.saw(({ reason = "" }) => reason.includes("failed to pull image"));
    await middle.order({ client: "*", do: "pass" });

    const end = whole(await run.ended);
    console.log(`the mirror was away: up took ${end.seconds} s; it said of ${node}: ${reason}`);
    expect(reason).toMatch(/failed to pull image ".+": .*(connection re(set|fused)|EOF|broken pipe)/);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current", "w-1 current"], etcd: ["cp-1"] });
  });

  it("has a certificate of another authority: nothing is pulled, and up ends with the machine's words", async () => {
    await using rack = await faultRack(site, "impostor", { signal });
    await using middle = await rack.middle();
    await middle.order({ client: "*", do: "impostor" });

    const end = await rack.up().ended;

    console.log(`the mirror was another's: up took ${end.seconds} s: ${end.error?.message}`);
    expect({ code: end.code, error: end.error?.code, node: end.error?.where["node"] }, end.stderr).toEqual({
      code: 7,
      error: "MIRROR_NOT_TRUSTED",
      node: "cp-1",
    });
    expect(end.error?.message).toContain("x509: certificate signed by unknown authority");
    expect(end.error?.next.length).toBeGreaterThan(0);
    expect(middle.count("refused the impostor")).toBeGreaterThan(1);
    expect(middle.count("trusted the impostor")).toBe(0);
    expect(rack.requests()).toEqual([]);
    expect([...(await rack.stages()).values()]).toEqual(["installing", "installing"]);

    await middle.order({ client: "*", do: "pass" });
    whole(await rack.up("--until", "bootstrap-etcd").ended);
  });

  it("has a certificate of another authority when machines have booted: their containerd has no image", async () => {
    await using rack = await faultRack(site, "late", { signal });
    await using middle = await rack.middle();
    await middle.order({ client: "*", do: "cut", afterBytes: 1_000_000 });
    whole(await rack.up("--until", "install").ended);
    await middle.order({ client: "*", do: "impostor" });

    const end = await rack.up("--until", "talos-health").ended;

    expect({ code: end.code, error: end.error?.code }, end.stderr).toEqual({ code: 7, error: "MIRROR_NOT_TRUSTED" });
    expect((await rack.sight()).images).toEqual({ "cp-1": [], "w-1": [] });
  });
});

function whole(end: UpEnd): UpEnd {
  expect(end.code, `${end.stderr}\n${end.reasons().join("\n")}`).toBe(0);
  return end;
}
