import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { parseRange } from "../../../../src/oci/mirror/range.ts";

describe("parseRange()", () => {
  it.each([
    [undefined, { kind: "whole" }],
    ["bytes=0-9", { kind: "part", start: 0, end: 10 }],
    ["bytes=5-", { kind: "part", start: 5, end: 10 }],
    ["bytes=5-99", { kind: "part", start: 5, end: 10 }],
    ["bytes=-3", { kind: "part", start: 7, end: 10 }],
    ["bytes=-99", { kind: "part", start: 0, end: 10 }],
    ["bytes=-0", { kind: "unsatisfiable" }],
    ["bytes=10-", { kind: "unsatisfiable" }],
    ["bytes=6-5", { kind: "whole" }],
    ["bytes=0-1,4-5", { kind: "whole" }],
    ["bytes=-", { kind: "whole" }],
    ["lines=0-1", { kind: "whole" }],
    ["bytes=99999999999999999999-", { kind: "whole" }],
  ])("reads %j of ten bytes", (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  test.prop([fc.string(), fc.nat()])("never leaves the content", (text, size) => {
    const range = parseRange(`bytes=${text}`, size);

    if (range.kind === "part") {
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start).toBeLessThan(range.end);
      expect(range.end).toBeLessThanOrEqual(size);
    }
  });
});
