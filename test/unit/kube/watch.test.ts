import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/kube/index.ts";
import { type ListWatchSource, listWatch, type WatchEvent } from "../../../src/kube/watch.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { OperatorError } from "../../../src/lib/errors/index.ts";

const pod = (name: string, resourceVersion: string, uid = name): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, resourceVersion, uid },
});
const event = (type: string, object: unknown) => ({ type, object });
const gone = event("ERROR", { kind: "Status", code: 410, reason: "Expired" });
const unreachable = new OperatorError("KUBE_UNREACHABLE", "down");

type Answer = readonly KubeObject[] | readonly unknown[] | Error;

/** Plays a server: lists and watches are answered in order; what was asked and how long was slept is noted. */
function played(script: readonly { readonly list?: Answer; readonly watch?: Answer; readonly version?: string }[]) {
  const steps = [...script];
  const asked: string[] = [];
  const naps: number[] = [];
  const controller = new AbortController();
  const next = (): (typeof script)[number] => {
    const step = steps.shift();
    if (step === undefined) controller.abort(new Error("end of script"));
    controller.signal.throwIfAborted();
    return step ?? {};
  };
  const source: ListWatchSource = {
    list: async () => {
      const { list, version } = next();
      asked.push("list");
      if (list instanceof Error) throw list;
      return { items: list as KubeObject[], resourceVersion: version ?? "10" };
    },
    events: async function* (resourceVersion) {
      const { watch } = next();
      asked.push(`watch ${resourceVersion}`);
      if (watch instanceof Error) throw watch;
      yield* watch ?? [];
    },
    toObject: (value) => value as KubeObject,
  };
  const clock: Clock = {
    now: () => new Date(0),
    sleep: async (ms) => {
      naps.push(ms);
    },
  };
  const told = async (): Promise<string[]> => {
    const found: string[] = [];
    const say = (told: WatchEvent) => ("object" in told ? `${told.type} ${told.object.metadata.name}` : told.type);
    try {
      for await (const one of listWatch(source, { signal: controller.signal, clock, random: () => 1 }))
        found.push(say(one));
    } catch (error) {
      found.push((error as Error).message);
    }
    return found;
  };
  return { told, asked, naps };
}

describe("listWatch()", () => {
  it("goes on from the last event after the server ends the watch", async () => {
    const run = played([
      { list: [pod("a", "5")] },
      { watch: [event("ADDED", pod("b", "11"))] },
      { watch: [event("BOOKMARK", pod("", "20"))] },
      { watch: [event("MODIFIED", pod("b", "21")), event("DELETED", pod("a", "22"))] },
    ]);

    expect(await run.told()).toEqual(["added a", "synced", "added b", "modified b", "deleted a", "end of script"]);
    expect(run.asked).toEqual(["list", "watch 10", "watch 11", "watch 20"]);
  });

  it.each([
    ["an event", [gone]],
    ["an answer", new OperatorError("KUBE_EXPIRED", "too old")],
  ])("lists anew when 410 comes as %s, and tells the difference", async (_how, watch) => {
    const run = played([
      { list: [pod("same", "1"), pod("changed", "2"), pod("dropped", "3"), pod("again", "4", "uid-1")] },
      { watch },
      {
        list: [pod("same", "1"), pod("changed", "30"), pod("fresh", "31"), pod("again", "32", "uid-2")],
        version: "40",
      },
      { watch: [] },
    ]);

    expect((await run.told()).slice(5)).toEqual([
      "modified changed",
      "added fresh",
      "deleted again",
      "added again",
      "deleted dropped",
      "synced",
      "end of script",
    ]);
    expect(run.asked.at(-1)).toBe("watch 40");
  });

  it("says that it is interrupted and waits longer each time, at most 10 s", async () => {
    const down = { watch: unreachable };
    const run = played([{ list: [] }, ...Array.from({ length: 8 }, () => down)]);

    expect(await run.told()).toEqual(["synced", ...Array.from({ length: 8 }, () => "interrupted"), "end of script"]);
    expect(run.naps).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it("waits briefly again once an event has come", async () => {
    const run = played([
      { list: [] },
      { watch: unreachable },
      { watch: unreachable },
      { watch: [event("ADDED", pod("a", "11"))] },
    ]);

    await run.told();
    expect(run.naps).toEqual([250, 500, 250]);
  });

  it("ends with a refusal at first, and outlives one after it has been synced", async () => {
    const forbidden = new OperatorError("KUBE_FORBIDDEN", "no role");
    const atFirst = played([{ list: forbidden }]);
    const later = played([{ list: [] }, { watch: forbidden }, { watch: [] }]);

    expect(await atFirst.told()).toEqual(["no role"]);
    expect(await later.told()).toEqual(["synced", "interrupted", "end of script"]);
  });

  it("ends with a bug as it is", async () => {
    expect(await played([{ list: new TypeError("bug") }]).told()).toEqual(["bug"]);
  });
});
