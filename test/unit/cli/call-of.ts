import { createColors } from "picocolors";
import type { Call } from "../../../src/cli/command.ts";
import { parseCall } from "../../../src/cli/parse.ts";
import type { Output } from "../../../src/cli/terminal.ts";
import { leapingClock } from "../../support/leaping-clock.ts";
import { screen } from "./views/screen.ts";

export interface TestCall extends Call {
  readonly said: () => string;
  readonly answered: () => string;
}

/** A call as `main.ts` makes it, with streams that remember and nobody to ask. */
export function callOf(argv: readonly string[], more: Partial<Call> = {}): TestCall {
  const [stdout, stderr] = [screen(), screen()];
  const plain = (output: Output): Output => ({ ...output, colors: createColors(false) });
  const command = {
    words: ["up"],
    summary: "",
    arguments: [{ name: "ARG", isRequired: false, does: "" }],
    flags: [
      "dry-run",
      "yes",
      "json",
      "events",
      "site",
      "rack",
      "bundle",
      "state-dir",
      "until",
      "no-input",
      "concurrency",
    ],
    examples: [],
    load: () => Promise.reject(new Error("not loaded in this test")),
  } as const;
  return {
    ...parseCall(command, argv),
    terminal: { stdout: plain(stdout), stderr: plain(stderr), canAsk: false, isAnimated: false },
    clock: leapingClock(),
    random: () => 0.5,
    environment: {},
    workingFolder: "/",
    signal: new AbortController().signal,
    onInterrupt: () => undefined,
    self: ["node", "skerry.js"],
    typed: ["skerry", "up", ...argv].join(" "),
    said: stderr.written,
    answered: stdout.written,
    ...more,
  };
}
