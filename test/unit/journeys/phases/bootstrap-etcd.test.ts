import { describe, expect, it } from "vitest";
import type { EtcdSight } from "../../../../src/journeys/etcd-sight.ts";
import { planBootstrap } from "../../../../src/journeys/phases/bootstrap-etcd.ts";
import { contextOf, siteOf } from "../up-context.ts";

const context = contextOf(siteOf("cp-1 cp-2 cp-3 w-1"));
const recordOf = (node: string, answered: boolean) => ({ node, issuedAt: "2026-01-01T00:00:00Z", answered });
const seenBy = (node: string, ...ids: readonly bigint[]): EtcdSight => ({
  node,
  members: ids.map((id) => ({ id, hostname: `host-${id}`, peerUrls: [], clientUrls: [], isLearner: false })),
});
const stepsOf = (...facts: readonly [readonly EtcdSight[], ReturnType<typeof recordOf> | undefined]) =>
  planBootstrap(context, { etcd: facts[0], record: facts[1] }).flatMap((wave) => wave.map(({ id }) => id));

describe("planBootstrap()", () => {
  it.each([
    ["the first control plane where there is neither etcd nor record", undefined, "cp-1"],
    ["the recorded one, whose call was not answered", recordOf("cp-2", false), "cp-2"],
    ["the recorded one, whose call was answered", recordOf("cp-3", true), "cp-3"],
  ])("asks %s", (_what, record, node) => {
    expect(stepsOf([], record)).toEqual([`bootstrap-etcd/${node}`]);
  });

  it.each([
    ["all members", [seenBy("cp-1", 1n, 2n), seenBy("cp-2", 1n, 2n)]],
    ["one of three", [seenBy("cp-3", 3n)]],
    ["lists that overlap, while a member joins", [seenBy("cp-1", 1n, 2n), seenBy("cp-2", 1n)]],
  ])("plans nothing where etcd answers: %s", (_what, etcd) => {
    expect(stepsOf(etcd, undefined)).toEqual([]);
    expect(stepsOf(etcd, recordOf("gone", true))).toEqual([]);
  });

  it("refuses two clusters under one name", () => {
    expect(() => stepsOf([seenBy("cp-1", 1n), seenBy("cp-2", 2n)], undefined)).toThrow(
      expect.objectContaining({ code: "ETCD_SPLIT", problems: expect.arrayContaining([expect.anything()]) }),
    );
  });

  it("never asks another node than the recorded one, also when site.yaml no longer has it", () => {
    expect(() => stepsOf([], recordOf("cp-9", true))).toThrow(
      expect.objectContaining({ code: "ETCD_BOOTSTRAPPED_ELSEWHERE" }),
    );
    expect(() => stepsOf([], recordOf("w-1", false))).toThrow(
      expect.objectContaining({ code: "ETCD_BOOTSTRAPPED_ELSEWHERE" }),
    );
  });
});
