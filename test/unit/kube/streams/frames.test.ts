import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createFrameReader, encodeFrame, FrameError, opcodes } from "../../../../src/kube/streams/frames.ts";

const limits = { payloadBytes: 1 << 20 };

/** A frame as servers send it: not masked. */
function serverFrame(payload: Uint8Array, { opcode = 2, isFinal = true } = {}): Buffer {
  const masked = encodeFrame(opcode, [payload], new Uint8Array(4));
  const head = masked.length - payload.length;
  const frame = Buffer.concat([masked.subarray(0, head - 4), payload]);
  frame[0] = (isFinal ? 0x80 : 0) | opcode;
  frame[1] = (frame[1] ?? 0) & 0x7f;
  return frame;
}

describe("createFrameReader()", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 70_000 }), { minLength: 1, maxLength: 4 });
  test.prop([payloads, fc.integer({ min: 1, max: 5000 })])("gives the frames, however they arrive", (sent, step) => {
    const bytes = Buffer.concat(sent.map((payload) => serverFrame(payload)));
    const reader = createFrameReader(limits);

    const found = [];
    for (let at = 0; at < bytes.length; at += step) found.push(...reader.push(bytes.subarray(at, at + step)));

    expect(found.map(({ payload }) => payload.toString("hex"))).toEqual(
      sent.map((payload) => Buffer.from(payload).toString("hex")),
    );
    expect(found.every(({ opcode, isFinal }) => opcode === opcodes.binary && isFinal)).toBe(true);
  });

  it.each([
    ["a reserved bit", Buffer.of(0xc2, 0)],
    ["a mask", Buffer.of(0x82, 0x80)],
    ["a long ping", Buffer.of(0x89, 126)],
    ["a ping in pieces", Buffer.of(0x09, 0)],
    ["more than is allowed", Buffer.of(0x82, 127, 0, 0, 0, 0, 0xff, 0, 0, 0)],
  ])("refuses %s before the payload is there", (_, bytes) => {
    expect(() => createFrameReader(limits).push(bytes)).toThrow(FrameError);
  });
});

describe("encodeFrame()", () => {
  // The masked "Hello" of RFC 6455 §5.7, as binary.
  it("masks as the specification shows", () => {
    const frame = encodeFrame(opcodes.text, [Buffer.from("Hel"), Buffer.from("lo")], Buffer.of(0x37, 0xfa, 0x21, 0x3d));

    expect(frame.toString("hex")).toBe("818537fa213d7f9f4d5158");
  });

  it.each([125, 126, 65_535, 65_536])("writes the length %i in as few bytes as it takes", (length) => {
    const head = length < 126 ? 6 : length < 65_536 ? 8 : 14;

    expect(encodeFrame(opcodes.binary, [new Uint8Array(length)], new Uint8Array(4)).length).toBe(head + length);
  });
});
