import { expect, test } from "vitest";
import { errorRooms } from "../../../../docs/reference/generator/error-rooms.ts";
import { exitCodeList } from "../../../../docs/reference/generator/exit-codes.ts";
import { flagTable } from "../../../../src/cli/flags.ts";
import { type CatalogEntry, errorCatalog } from "../../../../src/lib/errors/index.ts";
import { repositoryFiles } from "../../docs/doc-files.ts";

const entries: readonly (readonly [string, CatalogEntry])[] = Object.entries(errorCatalog);

test("every code is thrown somewhere", () => {
  const sources = repositoryFiles(["src/**/*.ts", "parts/**/*.ts"])
    .filter(({ path }) => !path.startsWith("src/lib/errors/"))
    .map(({ text }) => text)
    .join("\n");
  const literals = new Set(sources.match(/(?<=["'`])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?=["'`])/g));
  const unthrown = entries.map(([code]) => code).filter((code) => !literals.has(code));
  expect(unthrown).toEqual([]);
});

test.each(entries)("%s has an exit code with a meaning and a whole paragraph", (code, { exit, doc }) => {
  expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
  expect(exitCodeList()).toContain(exit);
  // 0 is success, and 1 is for what has no code: bugs.
  expect(exit).toBeGreaterThan(1);
  expect(doc.length).toBeGreaterThanOrEqual(40);
  expect(doc).toMatch(/^[^\s].*\.$/);
});

test("no code is in two rooms, and the reference page has every room", () => {
  const codes = errorRooms.flatMap(({ errors }) => Object.keys(errors));
  expect([...codes].sort()).toEqual(entries.map(([code]) => code).sort());
});

test("flags that a paragraph names exist", () => {
  // --only belongs to the script that builds the parts.
  const known = new Set(["only", ...Object.values(flagTable).map(({ name }) => name)]);
  const named = entries.flatMap(([code, { doc }]) =>
    [...ourWords(doc).matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = ""]) => ({ code, flag })),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ flag }) => !known.has(flag))).toEqual([]);
});

/** Without the commands of other programs that a paragraph quotes. */
function ourWords(doc: string): string {
  return doc.replaceAll(/`(?!skerry )[a-z]+ [^`]*`/g, "");
}
