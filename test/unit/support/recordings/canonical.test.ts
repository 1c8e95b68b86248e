import { describe, expect, it } from "vitest";
import { canonicalState, keyOf } from "../../../support/recordings/canonical.ts";
import { describeDifference, differences } from "../../../support/recordings/differences.ts";
import type { ClusterState, JsonObject } from "../../../support/recordings/state.ts";

const stateOf = (...objects: readonly JsonObject[]): ClusterState =>
  new Map(objects.map((object) => [keyOf(object), object]));

/** A ReplicaSet and its pod as a Deployment controller names them. */
function replicaSet(hash: string, image: string, podEnd: string): readonly JsonObject[] {
  const labels = { app: "web", "pod-template-hash": hash };
  const containers = [{ name: "web", image }];
  return [
    {
      kind: "ReplicaSet",
      apiVersion: "apps/v1",
      metadata: { name: `web-${hash}`, namespace: "web", labels },
      spec: { template: { metadata: { labels }, spec: { containers } } },
    },
    {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name: `web-${hash}-${podEnd}`, generateName: `web-${hash}-`, namespace: "web", labels },
      spec: { containers },
    },
  ];
}

describe("canonicalState()", () => {
  it("makes two runs of one deployment the same, whatever the registry's address", () => {
    const recorded = stateOf(...replicaSet("675f588899", "127.0.0.1:5056/web:1", "8cfps"));
    const ours = stateOf(...replicaSet("7d5b4b954b", "127.0.0.1:41234/web:1", "z824d"));

    const replace = { "127.0.0.1:41234": "127.0.0.1:5056" };
    expect(canonicalState(ours, { replace })).toEqual(canonicalState(recorded));
  });

  it("keeps apart two templates that differ", () => {
    const one = canonicalState(stateOf(...replicaSet("675f588899", "web:1", "8cfps")));
    const other = canonicalState(stateOf(...replicaSet("7d5b4b954b", "web:2", "8cfps")));

    expect([...one.keys()]).not.toEqual([...other.keys()]);
  });

  it("numbers the pods of one maker", () => {
    const [set = {}, pod = {}] = replicaSet("675f588899", "web:1", "8cfps");
    const [, second = {}] = replicaSet("675f588899", "web:1", "7k78f");

    const keys = [...canonicalState(stateOf(set, pod, second)).keys()].map((key) => key.slice(-3));

    expect(keys.filter((key) => key.includes("#"))).toEqual(["-#1", "-#2"]);
  });
});

describe("differences()", () => {
  it("names object and field, and objects that one side lacks", () => {
    const map = (name: string, data: JsonObject): JsonObject => ({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name },
      data,
    });

    const found = differences(
      stateOf(map("a", { v: "1", list: [1, 2] }), map("gone", {})),
      stateOf(map("a", { v: "2", list: [1, 3] })),
    );

    expect(found.map(({ object, path }) => `${object} ${path}`)).toEqual([
      "ConfigMap.v1//a data.list.1",
      "ConfigMap.v1//a data.v",
      "ConfigMap.v1//gone ",
    ]);
    expect(found[1] && describeDifference(found[1])).toBe('ConfigMap.v1//a data.v\n    recorded "1"\n    ours     "2"');
  });
});
