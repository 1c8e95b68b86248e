import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandRack } from "../../src/lab/index.ts";
import { type Answer, type Desk, freePort, openDesk, refusalIn, siteText } from "../support/desk.ts";

/** Machines that misbehave on demand, and an `up` that copes: what can be done is done, what cannot is named. */
const signal = AbortSignal.timeout(900_000);
const cp = "{name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}";
const worker = (name: string, last: number, disk = "path: /dev/sda") =>
  `{name: ${name}, role: worker, address: 10.5.0.${last}, disk: {${disk}}}`;

/** A desk with a bundle and a rack of these nodes that has these faults. */
async function rackWith(nodes: readonly string[], faults: readonly string[]): Promise<Desk> {
  const desk = await openDesk();
  await desk.write("site.yaml", siteText({ nodes, endpoint: "10.5.0.2", mirrorPort: await freePort("127.5.0.1") }));
  expect((await desk.create()).code).toBe(0);
  const flags = faults.flatMap((fault) => ["--fault", fault]);
  const rack = await desk.json(["lab", "up", "rock", "--no-kubernetes", ...flags]);
  expect(rack.code, rack.stderr).toBe(0);
  return desk;
}

async function close(desk: Desk | undefined): Promise<void> {
  await desk?.json(["lab", "down", "rock"]);
  await desk?.[Symbol.asyncDispose]();
}

const upOf = (desk: Desk) => desk.json(["up", "--rack", "rock", "--yes", "--until", "install"]);
const stagesOf = async (desk: Desk) => {
  const { machines } = await commandRack(
    "rock",
    { do: "status" },
    { stateDir: join(desk.stateHome, "skerry"), signal },
  );
  return new Map(machines.map(({ name, stage }) => [name, stage]));
};
const setAsideOf = ({ document }: Answer) =>
  Object.fromEntries((document.setAside ?? []).map(({ node, error }) => [node, error.code]));

describe("skerry up over workers of which each has a fault", () => {
  let desk: Desk;
  let first: Answer;
  beforeAll(async () => {
    desk = await rackWith(
      [
        cp,
        worker("drops", 3),
        worker("slow", 4),
        worker("other-disk", 5, "serial: S1"),
        worker("refuses", 6),
        worker("loses-installing", 7),
        worker("loses-booting", 8),
      ],
      [
        "drop-connections=drops:4",
        "slow-disk=slow:4",
        "wrong-serial=other-disk",
        "refuse-install=refuses",
        "lose-power=loses-installing:installing",
        "lose-power=loses-booting:booting",
      ],
    );
    first = await upOf(desk);
  });
  afterAll(async () => await close(desk));

  it("ends with 9 and names those that it set aside, with the reason of each", () => {
    refusalIn(first, "NODES_SET_ASIDE");

    expect(setAsideOf(first)).toEqual({
      "other-disk": "NODE_DISK_NOT_FOUND",
      refuses: "NODE_INSTALL_FAILED",
    });
  });

  it.each([
    ["drops connections", "drops"],
    ["has a slow disk", "slow"],
    ["loses power while it installs", "loses-installing"],
    ["loses power while it boots from its disk", "loses-booting"],
    ["has no fault", "cp-1"],
  ])("brings up the one that %s", async (_what, node) => {
    await expect.poll(async () => (await stagesOf(desk)).get(node), { timeout: 30_000 }).toMatch(/booting|running/);
  });

  it("applies nothing to the one with another disk", async () => {
    expect((await stagesOf(desk)).get("other-disk")).toBe("maintenance");
  });

  it("finishes the one that lost power while installing when it is run again", async () => {
    const again = await upOf(desk);

    expect(setAsideOf(again)).toEqual({ "other-disk": "NODE_DISK_NOT_FOUND", refuses: "NODE_INSTALL_FAILED" });
    expect((await stagesOf(desk)).get("loses-installing")).toMatch(/booting|running/);
    expect(again.code).toBe(9);
  });
});

describe("skerry up over a control plane that loses power", () => {
  it("finishes in the same run when that happens while it boots", async () => {
    const desk = await rackWith([cp], ["lose-power=cp-1:booting"]);
    try {
      const answer = await upOf(desk);

      expect(answer.code, answer.stderr).toBe(0);
    } finally {
      await close(desk);
    }
  });

  it.each(["applying", "installing"])("finishes in the next run when that happens while it is %s", async (stage) => {
    const desk = await rackWith([cp], [`lose-power=cp-1:${stage}`]);
    try {
      const first = await upOf(desk);
      if (first.code !== 0) refusalIn(first, "NODE_INSTALL_FAILED");

      const second = await upOf(desk);

      expect(second.code, second.stderr).toBe(0);
      expect((await upOf(desk)).document.changed).toBe(0);
    } finally {
      await close(desk);
    }
  });

  it("stops when its installer fails, and says so within a minute", async () => {
    const desk = await rackWith([cp], ["refuse-install=cp-1"]);
    try {
      const started = Date.now();

      const error = refusalIn(await upOf(desk), "NODE_INSTALL_FAILED");

      expect(error.where["node"]).toBe("cp-1");
      expect(error.message).toContain("the installer was made to fail");
      expect(Date.now() - started).toBeLessThan(60_000);
    } finally {
      await close(desk);
    }
  });
});

describe("skerry up over a machine whose clock is an hour off", () => {
  it("applies nothing to any machine where it is a control plane", async () => {
    const desk = await rackWith([cp, worker("w-1", 3)], ["clock=cp-1:-3600"]);
    try {
      const error = refusalIn(await upOf(desk), "NODE_CLOCK_WRONG");

      expect(error.where["node"]).toBe("cp-1");
      expect(error.message).toContain("60 minutes behind this laptop's");
      expect([...(await stagesOf(desk)).values()]).toEqual(["maintenance", "maintenance"]);
    } finally {
      await close(desk);
    }
  });

  it("sets it aside where it is a worker, and brings up the others", async () => {
    const desk = await rackWith([cp, worker("ahead", 3)], ["clock=ahead:3600"]);
    try {
      const answer = await upOf(desk);

      expect(answer.code).toBe(9);
      expect(setAsideOf(answer)).toEqual({ ahead: "NODE_CLOCK_WRONG" });
      expect((await stagesOf(desk)).get("ahead")).toBe("maintenance");
      expect((await stagesOf(desk)).get("cp-1")).toMatch(/booting|running/);
    } finally {
      await close(desk);
    }
  });
});
