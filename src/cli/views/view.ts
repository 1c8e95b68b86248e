import type { JourneyEvent } from "../../journeys/index.ts";

/** Something that shows events while they happen. */
export interface View {
  readonly emit: (event: JourneyEvent) => void;
  /** A line that is no event ("stopping …"), shown at once. */
  readonly say: (line: string) => void;
  /** Finishes what is on the screen. */
  readonly close: () => Promise<void>;
}

/** Every view sees everything. */
export function joinViews(views: readonly View[]): View {
  return {
    emit: (event) => {
      for (const view of views) view.emit(event);
    },
    say: (line) => {
      for (const view of views) view.say(line);
    },
    close: async () => {
      for (const view of views) await view.close();
    },
  };
}
