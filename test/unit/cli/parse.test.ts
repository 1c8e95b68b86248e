import { describe, expect, it } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { flagTable } from "../../../src/cli/flags.ts";
import { flagsOf, parseCall } from "../../../src/cli/parse.ts";
import { route } from "../../../src/cli/route.ts";

function parsed(line: string) {
  const found = route(line.split(" "), commands);
  if (found.kind === "help") throw new Error("this is help");
  return parseCall(found.command, found.rest);
}

describe("parseCall()", () => {
  it("reads flags, their values and arguments, wherever they stand", () => {
    const { args, flags } = parsed(
      "--timeout 1h30m bundle create -q b.yaml --registry-override=a=http://x --registry-override b=http://y",
    );

    expect(args).toEqual(["b.yaml"]);
    expect(flags).toMatchObject({
      timeoutMs: 5_400_000,
      quiet: true,
      verbose: false,
      json: false,
      registryOverride: ["a=http://x", "b=http://y"],
    });
  });

  it("knows --no-color and --no-input as false and their absence as true", () => {
    expect(parsed("up").flags).toMatchObject({ color: true, input: true });
    expect(parsed("up --no-color --no-input").flags).toMatchObject({ color: false, input: false });
  });

  it("takes joined short flags", () => {
    expect(parsed("up -nyq").flags).toMatchObject({ dryRun: true, yes: true, quiet: true });
  });

  it.each([
    ["an unknown flag", "up --sit x"],
    ["a flag that means nothing here", "version --dry-run"],
    ["a flag without its value", "up --site"],
    ["a duration that is none", "up --timeout soon"],
    ["a duration of nothing", "up --timeout 0s"],
    ["a count that is none", "up --concurrency many"],
    ["a count out of range", "up --concurrency 0"],
    ["too many arguments", "version now"],
    ["a missing argument", "lab exec"],
    ["two owners of stdout", "up --json --events"],
  ])("refuses %s", (_, line) => {
    expect(() => parsed(line)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }) as Error);
  });

  it("says which flag was probably meant", () => {
    expect(() => parsed("up --sit x")).toThrow(
      expect.objectContaining({ next: expect.arrayContaining(["Did you mean --site?"]) as string[] }) as Error,
    );
  });
});

describe("commands", () => {
  it("need every flag there is", () => {
    const used = new Set(commands.flatMap((command) => flagsOf(command)));

    expect(Object.keys(flagTable).filter((name) => !used.has(name as keyof typeof flagTable))).toEqual([]);
  });

  it("show only examples that are valid command lines", () => {
    const lines = commands.flatMap((command) =>
      command.examples.map((example) => ({ command, line: example.command })),
    );
    for (const { command, line } of lines) {
      const words = line.replace(/ > .*$/, "").replace(/^source <\((.*)\)$/, "$1");
      const found = route(words.split(" ").slice(1), commands);
      expect(found).toMatchObject({ kind: "command", command: { words: command.words } });
      if (found.kind === "command") expect(() => parseCall(found.command, found.rest)).not.toThrow();
    }
  });
});
