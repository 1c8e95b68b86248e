import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { pages, root } from "./doc-files.ts";

interface Link {
  readonly page: string;
  readonly target: string;
}

/** Links of a page to this repository; code blocks hold none. */
function relativeLinks(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "``");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors as code hosts make them: lower case, spaces as dashes, no punctuation. */
function anchors(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9 _-]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function problemOf({ page, target }: Link): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : normalize(join(dirname(page), path));
  if (file.startsWith("..")) return `${page}: ${target} leaves the repository`;
  const full = join(root, file);
  if (!existsSync(full)) return `${page}: ${target} does not exist`;
  if (anchor === undefined || statSync(full).isDirectory()) return undefined;
  return anchors(readFileSync(full, "utf8")).has(anchor) ? undefined : `${page}: ${target} has no such heading`;
}

test("every link into the repository leads to a file, and to a heading where it names one", () => {
  const links = pages().flatMap(({ path, text }) => relativeLinks(text).map((target) => ({ page: path, target })));
  expect(links.length).toBeGreaterThan(20);
  expect(links.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
});

test.each([
  ["a missing file", "no-such-page.md"],
  ["a missing heading", "README.md#no-such-heading"],
  ["a way out", "../elsewhere.md"],
])("a link to %s is found", (_, target) => {
  expect(problemOf({ page: "README.md", target })).toContain(target);
});
