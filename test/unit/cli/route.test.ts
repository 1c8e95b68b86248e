import { describe, expect, it } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { route } from "../../../src/cli/route.ts";

function routed(line: string): string {
  const found = route(line === "" ? [] : line.split(" "), commands);
  return found.kind === "help"
    ? `help ${found.words.join(" ")}`.trim()
    : `${found.command.words.join(" ")} < ${found.rest.join(" ")}`.trim();
}

describe("route()", () => {
  it.each([
    ["", "help"],
    ["--help", "help"],
    ["-h", "help"],
    ["help", "help"],
    ["help bundle", "help bundle"],
    ["bundle", "help bundle"],
    ["bundle create --help", "help bundle create"],
    ["--help bundle create", "help bundle create"],
    ["up -h --site x", "help up"],
    ["--version", "version <"],
    ["up", "up <"],
    ["up --site a.yaml -n", "up < --site a.yaml -n"],
    ["--site a.yaml -n up", "up < --site a.yaml -n"],
    ["--state-dir=/s bundle -q create x.yaml", "bundle create < --state-dir=/s -q x.yaml"],
    ["--site up up", "up < --site up"],
    ["nodes disks cp-2 --rack demo", "nodes disks < cp-2 --rack demo"],
    ["tools wait-for pod web -n shop --help", "tools wait-for < pod web -n shop --help"],
    ["init list", "init < list"],
    ["lab supervise /f --help", "lab supervise < /f --help"],
    ["init -- --help", "init < -- --help"],
  ])("takes %j for %j", (line, expected) => {
    expect(routed(line)).toBe(expected);
  });

  it.each([
    ["upp", ["skerry up"]],
    ["bundel create", ["skerry bundle"]],
    ["bundle crate", ["skerry bundle create"]],
    ["node list", ["skerry nodes"]],
  ])("says what %j was probably meant to be", (line, meant) => {
    expect(() => routed(line)).toThrow(
      expect.objectContaining({
        code: "USAGE_UNKNOWN_COMMAND",
        next: expect.arrayContaining(meant.map((words) => `${words}   is probably what you meant`)) as string[],
      }) as Error,
    );
  });

  it("does not guess where nothing is near", () => {
    expect(() => routed("frobnicate")).toThrow(
      expect.objectContaining({ next: ["skerry --help   lists the commands there are"] }) as Error,
    );
  });

  it("never offers hidden commands", () => {
    expect(() => routed("lab supervize")).toThrow(
      expect.objectContaining({ next: ["skerry lab --help   lists the commands there are"] }) as Error,
    );
    for (const line of ["tools", "tools wait", "tools --help"])
      expect(() => routed(line)).toThrow(expect.objectContaining({ code: "USAGE_UNKNOWN_COMMAND" }) as Error);
  });
});
