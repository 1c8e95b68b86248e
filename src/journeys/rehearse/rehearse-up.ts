import { type JourneyEvent, type JourneyResult, runJourney } from "../engine/index.ts";
import type { JourneyPorts } from "../ports.ts";
import type { UpReport } from "../up/report.ts";
import { up } from "../up/up.ts";
import type { JourneyWorld } from "../world.ts";
import { memoryJournal, memoryPorts } from "./memory-ports.ts";
import { type Story, storyOf } from "./story.ts";

/** What a rehearsal puts in the place of the site; the rest is kept in memory here. */
export type SimulatedPorts = Omit<JourneyPorts, "keys" | "texts">;

/** How time passes: `run` is the only place where it does. */
export interface RehearsalTime {
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface UpRehearsal {
  readonly story: Story;
  readonly result: JourneyResult<UpReport>;
}

/** `up` against a simulated site, as often as it is asked to run; what one run keeps the next one finds. */
export function rehearseUp(
  request: { readonly siteFile: string; readonly bundleFile: string },
  world: JourneyWorld,
  simulated: SimulatedPorts,
): { readonly run: (time: RehearsalTime, onEvent?: (event: JourneyEvent) => void) => Promise<UpRehearsal> } {
  const ports: JourneyPorts = { ...simulated, ...memoryPorts() };
  const journal = memoryJournal();
  return {
    run: async (time, onEvent) => {
      const journey = await up({ ...request, stateFolder: "rehearsal", journal }, { ...world, ports });
      const events: JourneyEvent[] = [];
      const { clock, random, signal, concurrency } = world;
      const emit = (event: JourneyEvent) => {
        events.push(event);
        onEvent?.(event);
      };
      const options = { clock, random, run: "rehearsal", journal, emit, signal, concurrency };
      const result = await time.run(async () => await runJourney(journey, options));
      return { story: storyOf(events), result };
    },
  };
}
