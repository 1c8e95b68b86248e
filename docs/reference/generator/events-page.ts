import { eventTable, shapeTables } from "./event-table.ts";
import { code, codeBlock, page, table } from "./markdown.ts";

interface Row {
  readonly type: string;
  readonly does: string;
  readonly optional?: true;
}

const example =
  '{"time":"2031-04-02T09:14:07.120Z","run":"0b6f3c1e-6f0e-4c57-9d0c-2f6a0c3a7f11","kind":"step.started","phase":"apply","step":"apply/cp-1","node":"cp-1"}';

/** events.md: what `--events` prints and events.ndjson keeps. */
export function eventsPage(): string {
  return page("Events", "src/journeys/engine/types.ts", [
    "`--events` prints one JSON object per line on stdout while a journey runs; `events.ndjson` in the [state folder](files.md#the-state-folder) keeps the same lines. Secrets are taken out. New kinds and new fields may be added: pass over what you do not know.",
    codeBlock("json", [example]),
    "## Fields of every event",
    fields({
      time: { type: "text", does: "When, RFC 3339 in UTC." },
      run: { type: "text", does: "Id of the run, a UUID." },
      kind: { type: "text", does: "One of the kinds below." },
    }),
    "## Kinds",
    ...Object.entries(eventTable).map(([kind, { when, fields: own }]) => `### ${kind}\n\n${when}\n\n${fields(own)}`),
    "## Shapes",
    ...Object.entries(shapeTables).map(([name, own]) => `### ${name}\n\n${fields(own)}`),
  ]);
}

function fields(rows: Readonly<Record<string, Row>>): string {
  return table(
    ["field", "type", "meaning"],
    Object.entries(rows).map(([name, { type, does, optional }]) => [
      code(name),
      optional === true ? `${type}, may be absent` : type,
      does,
    ]),
  );
}
