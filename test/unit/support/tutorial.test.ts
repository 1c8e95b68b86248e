import { describe, expect, it } from "vitest";
import { blocksOf, unseen } from "../../support/tutorial.ts";

describe("blocksOf()", () => {
  it("gives each sh block with the text block right after it", () => {
    const page =
      "# t\n\n```sh\na\nb\n```\n\nwords\n\n```text\none\n\ntwo\n```\n\n```yaml\nx: 1\n```\n\n```sh\nc\n```\n";

    expect(blocksOf(page)).toEqual([
      { script: "a\nb\n", sights: ["one", "two"] },
      { script: "c\n", sights: [] },
    ]);
  });
});

describe("unseen()", () => {
  it.each([
    ["cp-1  running", "x\ncp-1      running  Ready", []],
    ["3 of … nodes (Ready)", "3 of 3 nodes (Ready), now", []],
    ["done in …", "done in 2.1 s", []],
    ["cp-1 running", "cp-1 maintenance", ["cp-1 running"]],
    ["a.c", "abc", ["a.c"]],
  ])("compares %j with %j", (sight, output, expected) => {
    expect(unseen([sight], output)).toEqual(expected);
  });

  it("wants the lines in the order of the page", () => {
    expect(unseen(["one", "two"], "two\none")).toEqual(["two"]);
  });
});
