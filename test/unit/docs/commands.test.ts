import { expect, test } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { parseCall } from "../../../src/cli/parse.ts";
import { route } from "../../../src/cli/route.ts";
import { pages, type RepositoryFile } from "./doc-files.ts";

interface Typed {
  readonly page: string;
  readonly line: string;
}

/** Commands that a page tells to type: lines of shell blocks, and code in the text that has a flag or an argument. */
function typedCommands({ path, text }: RepositoryFile): readonly Typed[] {
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, block = ""]) => block.split("\n"));
  const inline = [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/`(skerry [^`\n]+)`/g)].map(
    ([, code = ""]) => code,
  );
  return [...blocks, ...inline]
    .flatMap((line) => line.replace(/\s#.*$/, "").split(/&&|\|\|?|;/))
    .map((line) => line.trim().replace(/^npm run (?:--silent |-s )?skerry -- /, "skerry "))
    .filter((line) => /^skerry [a-z-]/.test(line) && !/[[\]]|COMMAND|<|\|/.test(line))
    .map((line) => ({ page: path, line: line.replace(/\s*>.*$/, "") }));
}

function problemOf({ page, line }: Typed): string | undefined {
  try {
    const routed = route(line.split(/\s+/).slice(1), commands);
    if (routed.kind === "command") parseCall(routed.command, routed.rest);
    else if (!line.includes("help") && !commands.some(({ words }) => line.endsWith(words.join(" "))))
      return `${page}: ${line}`;
    return undefined;
  } catch (error) {
    return `${page}: ${line}: ${String(error)}`;
  }
}

test("every command that a page tells to type is one that Skerry understands", () => {
  const typed = pages().flatMap(typedCommands);
  expect(typed.length).toBeGreaterThan(20);
  expect(typed.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
});

test.each(["skerry bundel create", "skerry up --sit x", "skerry lab down"])("%s would be found", (line) => {
  expect(problemOf({ page: "README.md", line })).toContain(line);
});
