import { describe, expect, it } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { renderHelp } from "../../../src/cli/help.ts";

const visible = commands.filter((command) => command.isHidden !== true);

describe("renderHelp()", () => {
  it("shows the program", () => {
    expect(renderHelp([], commands)).toMatchSnapshot();
  });

  it("shows a group", () => {
    expect(renderHelp(["bundle"], commands)).toMatchSnapshot();
  });

  it("shows a command", () => {
    expect(renderHelp(["up"], commands)).toMatchSnapshot();
  });

  it.each(visible.map((command) => [command.words.join(" "), command] as const))(
    "shows %s with its examples before its flags and the docs last",
    (_, command) => {
      const text = renderHelp(command.words, commands);

      expect(text.indexOf("Examples")).toBeLessThan(text.indexOf("Usage:"));
      expect(text.indexOf("Usage:")).toBeLessThan(text.indexOf("Flags of every command"));
      expect(text.split("\n").at(-1)).toMatch(/^More: docs\/reference\/commands\.md#/);
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(140);
    },
  );

  it("does not show hidden commands", () => {
    expect(renderHelp(["lab"], commands)).not.toContain("supervise");
  });
});
