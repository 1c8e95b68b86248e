import { describe, expect, it } from "vitest";
import { planJourney } from "../../../../src/journeys/engine/index.ts";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";
import { journeyOf, step, type World } from "./journey-of.ts";

const options = () => ({ signal: new AbortController().signal, clock: leapingClock() });
const refusal = new OperatorError("DOCUMENT_INVALID", "two disks match");

describe("planJourney()", () => {
  it("shows what would be done and does nothing", async () => {
    const world: World = new Set(["a/done"]);
    const closed: string[] = [];
    const journey = journeyOf(
      {
        a: [[step("a/done")], [step("a/x"), step("a/y", { provisional: "after Bootstrap etcd" })]],
        b: [[step("b/x", { effect: "wait" })]],
      },
      world,
      { onClose: (phase) => void closed.push(phase) },
    );

    const plan = await planJourney(journey, options());

    expect([...world]).toEqual(["a/done"]);
    expect(plan.phases.map((phase) => phase.waves.map((wave) => wave.map((each) => each.id)))).toEqual([
      [["a/x", "a/y"]],
      [["b/x"]],
    ]);
    expect(plan.phases[0]?.waves[0]?.[1]).toMatchObject({ provisional: "after Bootstrap etcd" });
    expect(plan.changes).toBe(2);
    expect(closed).toEqual(["b", "a"]);
  });

  it("leaves a refused worker out of the phases that follow", async () => {
    const journey = journeyOf({
      a: [[step("a/w-1", { refusal, mayBeSetAside: true }), step("a/w-2")]],
      b: [[step("b/w-1"), step("b/w-2")]],
    });

    const plan = await planJourney(journey, options());

    expect(plan.setAside).toMatchObject([{ node: "w-1", error: { code: "DOCUMENT_INVALID" } }]);
    expect(plan.phases[1]?.waves.flat().map((each) => each.id)).toEqual(["b/w-2"]);
    expect(plan.changes).toBe(2);
  });

  it("shows the refusal of a node that cannot be left out", async () => {
    const plan = await planJourney(journeyOf({ a: [[step("a/cp-1", { refusal })]] }), options());

    expect(plan.phases[0]?.waves[0]?.[0]?.refusal).toMatchObject({ message: "two disks match" });
    expect(plan.setAside).toEqual([]);
  });

  it("ends with the phase that wants to be last", async () => {
    const plan = await planJourney(journeyOf({ a: [], b: [] }), { ...options(), until: "a" });

    expect(plan.phases.map((phase) => phase.id)).toEqual(["a"]);
  });

  it("closes what it opened when a look fails", async () => {
    const closed: string[] = [];
    const journey = journeyOf({ a: [], b: [] }, new Set(), { onClose: (phase) => void closed.push(phase) });
    const [first, second] = journey.phases;
    if (first === undefined || second === undefined) throw new Error("two phases are there");
    const failing = { ...second, look: () => Promise.reject(refusal) };

    const planned = planJourney({ ...journey, phases: [first, failing] }, options());

    await expect(planned).rejects.toMatchObject({ code: "DOCUMENT_INVALID", where: { phase: "b" } });
    expect(closed).toEqual(["b", "a"]);
  });
});
