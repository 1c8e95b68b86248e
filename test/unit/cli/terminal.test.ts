import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openTerminal } from "../../../src/cli/terminal.ts";

const tty = () => Object.assign(new Writable(), { isTTY: true, columns: 120 });
const pipe = () => new Writable();
const flags = { color: true, input: true };
const all = () => ({ stdin: { isTTY: true }, stdout: tty(), stderr: tty() });

describe("openTerminal()", () => {
  it("uses a person's terminal fully", () => {
    const terminal = openTerminal(all(), {}, flags);

    expect(terminal).toMatchObject({ canAsk: true, isAnimated: true });
    expect(terminal.stdout.columns).toBe(120);
    expect(terminal.stderr.colors.isColorSupported).toBe(true);
  });

  it("judges each stream by itself", () => {
    const terminal = openTerminal({ ...all(), stdout: pipe() }, {}, flags);

    expect(terminal.stdout.colors.isColorSupported).toBe(false);
    expect(terminal.stderr.colors.isColorSupported).toBe(true);
    expect(terminal.isAnimated).toBe(true);
  });

  it.each([
    ["NO_COLOR", { NO_COLOR: "1" }, flags],
    ["TERM=dumb", { TERM: "dumb" }, flags],
    ["--no-color", {}, { color: false, input: true }],
  ])("has no colour with %s", (_, environment, wanted) => {
    expect(openTerminal(all(), environment, wanted).stderr.colors.isColorSupported).toBe(false);
  });

  it.each([
    ["in a build log", { CI: "true" }, all()],
    ["on a dumb terminal", { TERM: "dumb" }, all()],
    ["into a pipe", {}, { ...all(), stderr: pipe() }],
  ])("is not animated %s", (_, environment, streams) => {
    expect(openTerminal(streams, environment, flags).isAnimated).toBe(false);
  });

  it.each([
    ["stdin is a file", { ...all(), stdin: {} }, flags],
    ["stderr is a file", { ...all(), stderr: pipe() }, flags],
    ["--no-input was given", all(), { color: true, input: false }],
  ])("asks nobody when %s", (_, streams, wanted) => {
    expect(openTerminal(streams, {}, wanted).canAsk).toBe(false);
  });
});
