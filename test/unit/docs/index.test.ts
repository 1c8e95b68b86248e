import { expect, test } from "vitest";
import { pages } from "./doc-files.ts";

test("docs/README.md names every page, so that none is lost", () => {
  const all = pages();
  const index = all.find(({ path }) => path === "docs/README.md")?.text ?? "";
  const four = all
    .map(({ path }) => path)
    .filter((path) => /^docs\/(tutorials|how-to|reference|explanation)\//.test(path));
  expect(four.length).toBeGreaterThan(8);
  expect(four.filter((path) => !index.includes(`](${path.slice("docs/".length)})`))).toEqual([]);
});
