import { describe, expect, it } from "vitest";
import { RehearsalEtcd } from "../../../../src/lab/rehearsal/etcd.ts";
import { VirtualTime } from "../../../../src/lab/rehearsal/virtual-time.ts";

const { signal } = new AbortController();

function etcdOfThree() {
  const time = new VirtualTime({ start: new Date("2026-01-01T00:00:00.000Z") });
  const etcd = new RehearsalEtcd(time.clock);
  const join = (name: string, options = { syncMs: 4000, signal }) => etcd.join(name, `10.0.0.${name.at(-1)}`, options);
  return { time, etcd, join };
}

describe("RehearsalEtcd", () => {
  it("takes learners one at a time and makes each a voter once it has caught up", async () => {
    const { time, etcd, join } = etcdOfThree();
    const learners: number[] = [];

    await time.run(async () => {
      etcd.bootstrap("cp-1", "10.0.0.1");
      const joining = Promise.all([join("cp-2"), join("cp-3")]);
      for (let second = 0; second < 8; second++) {
        learners.push(etcd.list("cp-1").filter((member) => member.isLearner).length);
        await time.clock.sleep(1000, { signal });
      }
      await joining;
    });

    expect(Math.max(...learners)).toBe(1);
    expect(etcd.list("cp-1").map(({ hostname, isLearner }) => `${hostname} ${isLearner}`)).toEqual([
      "cp-1 false",
      "cp-2 false",
      "cp-3 false",
    ]);
  });

  it("answers as long as a majority of voters is up", async () => {
    const { time, etcd, join } = etcdOfThree();
    await time.run(async () => {
      etcd.bootstrap("cp-1", "10.0.0.1");
      await join("cp-2");
      await join("cp-3");
    });

    etcd.down("cp-3");
    expect(etcd.hasQuorum).toBe(true);
    etcd.down("cp-2");
    expect(etcd.hasQuorum).toBe(false);
    expect(() => etcd.list("cp-1")).toThrow("etcd is not up");
    await time.run(() => join("cp-2"));
    expect(etcd.list("cp-1")).toHaveLength(3);
  });

  it("lets a learner that lost power go on where it was", async () => {
    const { time, etcd, join } = etcdOfThree();
    const power = new AbortController();

    await time.run(async () => {
      etcd.bootstrap("cp-1", "10.0.0.1");
      const cut = join("cp-2", { syncMs: 4000, signal: power.signal });
      await time.clock.sleep(1000, { signal });
      power.abort(new Error("power lost"));
      await expect(cut).rejects.toThrow("power lost");
      etcd.down("cp-2");
      expect(etcd.list("cp-1").find(({ hostname }) => hostname === "cp-2")?.isLearner).toBe(true);
      await join("cp-2");
    });

    expect(etcd.list("cp-2").every((member) => !member.isLearner)).toBe(true);
  });
});
