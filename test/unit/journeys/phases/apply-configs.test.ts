import { describe, expect, it } from "vitest";
import type { NodeSight } from "../../../../src/journeys/node-sights.ts";
import { planApply } from "../../../../src/journeys/phases/apply-configs.ts";
import { contextOf, siteOf } from "../up-context.ts";

const names = ["cp-1", "cp-2", "cp-3", "w-1", "w-2"];
const context = contextOf(siteOf(names.join(" ")), { configs: new Map(names.map((name) => [name, "new"])) });
const sights: Readonly<Record<string, NodeSight>> = {
  blank: { kind: "maintenance", fingerprint: "f" },
  runs: { kind: "configured", stage: "running", ready: true, unmet: [] },
  silent: { kind: "unreachable", reason: "no answer" },
};

/** Waves as "ids of one|ids of the next", for machines given as "blank", "silent", "old" or "new" (the config they run with). */
function wavesFor(states: readonly string[]): string {
  const facts = {
    sights: new Map(names.map((name, index) => [name, sights[states[index] ?? ""] ?? (sights["runs"] as NodeSight)])),
    disks: new Map(names.flatMap((name, index) => (states[index] === "blank" ? [[name, `disk of ${name}`]] : []))),
    running: new Map(
      names.flatMap((name, index) => (/old|new/.test(states[index] ?? "") ? [[name, states[index] ?? ""]] : [])),
    ),
  };
  const waves = planApply(context, facts);
  return waves.map((wave) => wave.map(({ target, effect }) => `${target.name}:${effect}`).join(" ")).join(" | ");
}

describe("planApply()", () => {
  it.each([
    ["nothing where all run with their config", "new new new new new", ""],
    [
      "new machines together",
      "blank blank blank blank blank",
      "cp-1:destroy cp-2:destroy cp-3:destroy w-1:destroy w-2:destroy",
    ],
    [
      "changed control planes one at a time, then changed workers together",
      "old old old old old",
      "cp-1:change | cp-2:change | cp-3:change | w-1:change w-2:change",
    ],
    ["only what differs", "new old new new old", "cp-2:change | w-2:change"],
    ["changes before installations", "new old new blank old", "cp-2:change | w-2:change | w-1:destroy"],
    ["machines that do not answer yet", "new new new silent new", "w-1:destroy"],
    ["a configured machine whose config could not be read", "new new new runs new", ""],
  ])("plans %s", (_what, states, waves) => {
    expect(wavesFor(states.split(" "))).toBe(waves);
  });

  it("names the disk that is erased, and says where it is not known yet", () => {
    const facts = {
      sights: new Map([
        ["w-1", sights["silent"] as NodeSight],
        ...names.map((name) => [name, sights["blank"] as NodeSight] as const),
      ]),
      disks: new Map([["cp-1", "/dev/sda  serial S1"]]),
      running: new Map<string, string>(),
    };

    const [wave = []] = planApply(context, facts);

    expect(wave[0]?.title).toBe("install cp-1: ERASES /dev/sda  serial S1");
    expect([wave[0]?.provisional, wave[0]?.mayBeSetAside]).toEqual([undefined, false]);
    expect(wave[3]?.title).toBe("install w-1, once it answers");
    expect([wave[3]?.provisional, wave[3]?.mayBeSetAside]).toEqual(["after Find nodes", true]);
  });
});
