import { type ActionContext, type ActionEvent, localCommands } from "../../src/deployer/actions/index.ts";
import { createLiveScope, emptyScope, type Scope } from "../../src/deployer/templates/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { patternEngine } from "./pattern-engine.ts";

/** What actions need, with real commands; nothing answers on the network, and there is no cluster. */
export function actionContext(
  folder: string,
  more: Partial<ActionContext> & { readonly initial?: Partial<Scope> } = {},
): ActionContext & { readonly events: ActionEvent[] } {
  const { initial, ...rest } = more;
  const events: ActionEvent[] = [];
  return {
    scope: createLiveScope({ ...emptyScope, ...initial }),
    builtIns: new Map(),
    engine: {
      ...patternEngine,
      // Enough of Go's templates for tests of what becomes of the text.
      goTemplate: async ({ text, data }) =>
        await Promise.resolve(
          text.replace(/\{\{ \.(\w+)\.(\w+) \}\}/g, (_, group: string, name: string) =>
            String((data[group] as Readonly<Record<string, unknown>>)[name]),
          ),
        ),
    },
    folder,
    commands: localCommands(),
    network: {
      tcp: (address) => Promise.resolve(`${address}: ECONNREFUSED`),
      http: (url) => Promise.resolve(`${url}: ECONNREFUSED`),
    },
    clock: systemClock,
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
    events,
    ...rest,
  };
}

/** The lines that commands printed. */
export function printedLines(events: readonly ActionEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === "line" ? [event.line] : []));
}
