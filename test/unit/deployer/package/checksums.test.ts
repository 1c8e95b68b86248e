import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { formatChecksums, parseChecksums } from "../../../../src/deployer/package/checksums.ts";
import { pathProblem } from "../../../../src/deployer/package/path-rules.ts";
import { digestOf } from "../../../../src/oci/index.ts";

describe("formatChecksums()", () => {
  it("sorts whole lines, not paths", () => {
    const text = formatChecksums([
      { path: "components/a.tar", digest: digestOf("") },
      { path: "images/index.json", digest: digestOf("{}") },
    ]);

    expect(text.split("\n").map((line) => line.slice(0, 8))).toEqual(["44136fa3", "e3b0c442", ""]);
  });

  it("is a single newline without files", () => {
    expect(formatChecksums([])).toBe("\n");
  });

  const path = fc.stringMatching(/^[a-z0-9_-]{1,8}(\/[a-z0-9_-]{1,8}){0,3}$/);
  test.prop([fc.uniqueArray(fc.record({ path, text: fc.string() }), { selector: (file) => file.path })])(
    "is read back as what was written",
    (files) => {
      const listed = files.map(({ path, text }) => ({ path, digest: digestOf(text) }));

      const parsed = parseChecksums(formatChecksums(listed));

      expect(parsed.problems).toEqual([]);
      expect(new Set(parsed.files.map(({ path, digest }) => `${digest} ${path}`))).toEqual(
        new Set(listed.map(({ path, digest }) => `${digest} ${path}`)),
      );
    },
  );
});

describe("pathProblem()", () => {
  it.each(["zarf.yaml", "components/web.tar", "images/blobs/sha256/00", "a b/c", "contents/console.txt"])(
    "lets %s pass",
    (path) => {
      expect(pathProblem(path)).toBeUndefined();
    },
  );

  it.each([
    "",
    "/etc/passwd",
    "../a",
    "a/../../b",
    "a//b",
    "./a",
    "a/",
    "a\\b",
    "c:/x",
    "a\nb",
    "a\0b",
    "dir./x",
    "x /y",
    "CON",
    "a/aux.txt",
    "lpt1",
    "x".repeat(2000),
  ])("refuses %j", (path) => {
    expect(pathProblem(path)).toEqual(expect.any(String));
  });
});
