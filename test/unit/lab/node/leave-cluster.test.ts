import { describe, expect, it } from "vitest";
import { EtcdError } from "../../../../src/lab/node/etcd/etcd-client.ts";
import { leaveCluster } from "../../../../src/lab/node/etcd/leave-cluster.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";

const signal = AbortSignal.timeout(10_000);
const PEER = "https://10.5.0.2:2380";
const member = { id: 7n, hostname: "cp-1", peerUrls: [PEER], clientUrls: [], isLearner: false };

/** An etcd whose removals fail with what `failure` says of the nth, from 0; counts what it was asked. */
function etcd(failure: (nth: number) => EtcdError | undefined = () => undefined, members = [member]) {
  const removed: bigint[] = [];
  return {
    removed,
    members: async () => members,
    remove: async (id: bigint) => {
      const error = failure(removed.push(id) - 1);
      if (error !== undefined) throw error;
    },
  };
}

describe("leaveCluster()", () => {
  it("removes the member with its own peer URL", async () => {
    const cluster = etcd(undefined, [{ ...member, id: 1n, peerUrls: ["https://10.5.0.3:2380"] }, member]);

    await leaveCluster(cluster, PEER, { clock: leapingClock(), signal });

    expect(cluster.removed).toEqual([7n]);
  });

  it("asks an unhealthy cluster again", async () => {
    const cluster = etcd((nth) => (nth < 2 ? new EtcdError("unhealthy cluster", 14) : undefined));

    await leaveCluster(cluster, PEER, { clock: leapingClock(), signal });

    expect(cluster.removed).toHaveLength(3);
  });

  it("gives an unhealthy cluster up after five minutes", async () => {
    const cluster = etcd(() => new EtcdError("unhealthy cluster", 14));

    await expect(leaveCluster(cluster, PEER, { clock: leapingClock(), signal })).rejects.toThrow("unhealthy");

    expect(cluster.removed).toHaveLength(32);
  });

  it("fails at once where it is the last member", async () => {
    const cluster = etcd(() => new EtcdError("not enough started members", 9));

    await expect(leaveCluster(cluster, PEER, { clock: leapingClock(), signal })).rejects.toMatchObject({ code: 9 });

    expect(cluster.removed).toHaveLength(1);
  });

  it.each([
    ["was removed before", etcd(undefined, [])],
    ["is removed meanwhile", etcd(() => new EtcdError("member not found", 5))],
  ])("is done where the member %s", async (_what, cluster) => {
    await expect(leaveCluster(cluster, PEER, { clock: leapingClock(), signal })).resolves.toBeUndefined();
  });
});
