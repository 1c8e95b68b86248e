import type { Call } from "../command.ts";
import { lineView } from "./lines.ts";
import { ndjsonView } from "./ndjson.ts";
import { joinViews, type View } from "./view.ts";

/** The views a command line asks for: a task list on a terminal, lines elsewhere, and NDJSON on stdout with --events. */
export async function openView(call: Call): Promise<View> {
  const { flags, terminal } = call;
  const person = await personsView(call);
  return flags.events ? joinViews([ndjsonView(terminal.stdout.write), person]) : person;
}

async function personsView({ flags, terminal }: Call): Promise<View> {
  const { stderr, isAnimated } = terminal;
  if (isAnimated && !flags.quiet && !flags.verbose) return (await import("./tasks.ts")).taskView(stderr);
  const loudness = flags.quiet ? "quiet" : flags.verbose ? "verbose" : "normal";
  return lineView(stderr.write, { colors: stderr.colors, loudness });
}
