import { describe, expect, it } from "vitest";
import { mask } from "../../../../../src/deployer/charts/engine/mask.ts";

describe("mask()", () => {
  it.each<readonly [string, string, readonly string[] | undefined, string]>([
    ["a text wherever it is", "a hunter22 b hunter22", ["hunter22"], "a [sensitive] b [sensitive]"],
    [
      "each line of a text of several",
      "line 3: PRIVATE here",
      ["BEGIN\r\n  PRIVATE\nEND.."],
      "line 3: [sensitive] here",
    ],
    ["the longer of two first", "abcdef", ["abcd", "abcdef"], "[sensitive]"],
    ["nothing that is short enough to be there by chance", "a b yes", ["a", "", "yes"], "a b yes"],
    ["characters that mean something in patterns", "p$&.*[ x", ["$&.*["], "p[sensitive] x"],
    ["nothing where nothing is sensitive", "as it is", undefined, "as it is"],
  ])("takes out %s", (_what, message, sensitive, expected) => {
    expect(mask(message, sensitive)).toBe(expected);
  });
});
