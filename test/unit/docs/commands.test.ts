import { expect, test } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { flagTable } from "../../../src/cli/flags.ts";
import { parseCall } from "../../../src/cli/parse.ts";
import { route } from "../../../src/cli/route.ts";
import { pages, type RepositoryFile, repositoryFiles } from "./doc-files.ts";

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

test.each(["skerry bundel create", "skerry up --sit x", "skerry lab exec"])("%s would be found", (line) => {
  expect(problemOf({ page: "README.md", line })).toContain(line);
});

/** String literals of a program, comments left out; line by line, since ours do not span lines. */
function literals(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line))
    .flatMap((line) => [...line.matchAll(/(["'`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , literal = ""]) => literal));
}

/** Racks start other people's programs with flags of theirs; the catalog's paragraphs have a test of their own. */
const ours = repositoryFiles(["src/**/*.ts"]).filter(
  ({ path }) => !/^src\/(lab\/(contained|modelled|node)|lib\/errors\/catalog)\//.test(path),
);

test("every command that an error tells to type is one that Skerry understands", () => {
  // "skerry nodes disks ${name}   lists its disks": the command ends at three spaces.
  const advised = ours.flatMap(({ path, text }) =>
    literals(text)
      .filter((literal) => /^skerry [a-z].* {3}/.test(literal))
      .map((literal) => ({ page: path, line: literal.replace(/ {3}.*$/, "").replaceAll(/\$\{[^}]*\}/g, "x") })),
  );
  expect(advised.length).toBeGreaterThan(10);
  expect(advised.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
});

test("every flag that an error names exists", () => {
  const known = new Set(["help", "version", ...Object.values(flagTable).map(({ name }) => name)]);
  const named = ours.flatMap(({ path, text }) =>
    literals(text)
      .filter((literal) => / /.test(literal) && !/^(kubectl|openssl|talosctl|node) /.test(literal))
      .flatMap((literal) => [...literal.matchAll(/(?<=^|[\s`(])--([a-z][a-z-]+)/g)])
      .map(([, flag = ""]) => ({ path, flag })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ flag }) => !known.has(flag))).toEqual([]);
});
