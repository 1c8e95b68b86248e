import { expect, test } from "vitest";
import { eventTable } from "../../../docs/reference/generator/event-table.ts";
import { type JourneyEvent, runJourney } from "../../../src/journeys/engine/index.ts";
import { OperatorError } from "../../../src/lib/errors/index.ts";
import { journeyOf, runOptions, step } from "../journeys/engine/journey-of.ts";

/** Compiles only while the table and the union name the same kinds, both ways. */
type Documented = keyof typeof eventTable;
const bothWays: readonly [
  Documented extends JourneyEvent["kind"] ? true : false,
  JourneyEvent["kind"] extends Documented ? true : false,
] = [true, true];

const stamp = ["time", "run", "kind"];

test("what a run emits has exactly the fields that the page lists", async () => {
  const options = runOptions();
  let tries = 0;
  const journey = journeyOf({
    first: [[step("first/cp-1"), step("first/w-1", { mayBeSetAside: true, apply: refuse })]],
    second: [
      [
        step("second/cp-1", {
          apply: async ({ progress, notice }) => {
            progress("half");
            notice("slow");
          },
          until: {
            description: "cp-1 is up",
            deadlineMs: 60_000,
            check: async () => (tries++ < 2 ? { kind: "waiting", reason: "it boots" } : { kind: "ready" }),
          },
        }),
      ],
    ],
  });
  await runJourney(journey, options);
  const failing = journeyOf({ only: [[step("only/cp-1", { apply: refuse })]] });
  await runJourney(failing, { ...options, emit: (event) => void options.events.push(event) }).catch(() => undefined);

  const kinds = new Set(options.events.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(
    expect.arrayContaining([
      "condition.waiting",
      "notice",
      "phase.planned",
      "run.failed",
      "run.started",
      "step.failed",
    ]),
  );
  for (const event of options.events) expect(unlisted(event), event.kind).toEqual([]);
  expect(bothWays).toEqual([true, true]);
});

async function refuse(): Promise<void> {
  throw new OperatorError("NODE_CALL_FAILED", "it refused");
}

/** Fields that the table lacks, or that it says are always there and are not. */
function unlisted(event: JourneyEvent): readonly string[] {
  const fields: Readonly<Record<string, { readonly does: string; readonly optional?: true }>> =
    eventTable[event.kind].fields;
  const present = Object.entries(event)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  const unknown = present.filter((key) => !stamp.includes(key) && !(key in fields));
  const missing = Object.keys(fields).filter((key) => fields[key]?.optional !== true && !present.includes(key));
  return [...unknown, ...missing];
}
