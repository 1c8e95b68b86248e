import { describe, expect, it } from "vitest";
import { decodeAnswer, encodeRequest } from "../../../../../src/deployer/charts/engine/frame.ts";

describe("encodeRequest()", () => {
  it("writes the length of the JSON, the JSON and the bytes behind it", () => {
    const frame = encodeRequest({ a: "ü" }, [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(255)]);
    const json = '{"a":"ü"}';

    expect(Buffer.from(frame)).toEqual(
      Buffer.concat([Buffer.of(10, 0, 0, 0), Buffer.from(json), Buffer.of(1, 2, 255)]),
    );
  });
});

describe("decodeAnswer()", () => {
  it("reads what is framed alike, also in the middle of a larger buffer", () => {
    const frame = encodeRequest({ result: { x: 1 }, warnings: ["w"] }, [Uint8Array.of(9, 8)]);
    const larger = new Uint8Array(frame.length + 7);
    larger.set(frame, 5);

    const answer = decodeAnswer(larger.subarray(5, 5 + frame.length));

    expect(answer).toMatchObject({ result: { x: 1 }, warnings: ["w"] });
    expect([...answer.attachment]).toEqual([9, 8]);
    expect(decodeAnswer(encodeRequest({ failure: { kind: "chart", message: "m" } })).warnings).toEqual([]);
  });

  it("refuses a cut frame", () => {
    expect(() => decodeAnswer(Uint8Array.of(9, 0))).toThrow();
    expect(() => decodeAnswer(Uint8Array.of(9, 0, 0, 0, 0x7b))).toThrow();
  });
});
