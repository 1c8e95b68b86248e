import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { flushPacket, PktLineError, pktLine, readPktLines } from "../../../../src/deployer/repositories/pkt-line.ts";

describe("readPktLines()", () => {
  test.prop([fc.array(fc.option(fc.string({ unit: "grapheme", maxLength: 200 })))])(
    "reads what pktLine wrote",
    (lines) => {
      const text = lines.map((line) => (line === null ? flushPacket : pktLine(line))).join("");

      const read = readPktLines(Buffer.from(text));

      expect(read.map((line) => line?.toString("utf8") ?? null)).toEqual(lines);
    },
  );

  it("counts bytes, not letters", () => {
    expect(pktLine("ä\n")).toBe("0007ä\n");
  });

  it.each(["zzzz", "0", "000", "0009abc", "<html>"])("refuses %j", (text) => {
    expect(() => readPktLines(Buffer.from(text))).toThrow(PktLineError);
  });
});
