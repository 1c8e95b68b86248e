import { type ErrorRoom, errorRooms } from "./error-rooms.ts";
import { exitCodeList, exitCodes } from "./exit-codes.ts";
import { code, page, table } from "./markdown.ts";

/** errors.md: every code by room, and what the exit codes mean. */
export function errorsPage(rooms: readonly ErrorRoom[] = errorRooms): string {
  return page("Errors and exit codes", "src/lib/errors", [
    "Every failure that a person can act on has a permanent code. It is printed with what failed, where, and what to do next; with `--json` the same is in `error`, with `retry` (`never`, `same`: run the command again as it is, `later`: once the world has changed).",
    "## Exit codes",
    table(
      ["exit", "meaning"],
      exitCodeList().map((exit) => [String(exit), exitCodes[exit]]),
    ),
    ...rooms.filter(({ errors }) => Object.keys(errors).length > 0).map(roomSection),
  ]);
}

function roomSection({ title, errors }: ErrorRoom): string {
  const entries = Object.entries(errors).map(
    ([name, { exit, doc }]) => `### ${name}\n\nExit code ${code(String(exit))}. ${doc}`,
  );
  return [`## ${title}`, ...entries].join("\n\n");
}
