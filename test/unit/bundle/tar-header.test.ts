import { fc, test } from "@fast-check/vitest";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import { paddingOf, readTarHeader, tarHeader } from "../../../src/bundle/format/tar-header.ts";

const GiB = 1024 ** 3;
const entryName = fc.stringMatching(/^[a-z0-9/._-]{1,100}$/);
const sizeBytes = fc.oneof(fc.nat(), fc.integer({ min: 7 * GiB, max: 9 * GiB }), fc.maxSafeNat());

describe("tarHeader()", () => {
  test.prop([entryName, sizeBytes])("is read back by readTarHeader()", (name, size) => {
    expect(readTarHeader(tarHeader(name, size))).toEqual({ name, sizeBytes: size });
  });

  test.prop([entryName, sizeBytes, fc.nat(512 * 8 - 1)])("is refused with any one bit flipped", (name, size, bit) => {
    const header = tarHeader(name, size);
    header[bit >> 3] = (header[bit >> 3] ?? 0) ^ (1 << (bit & 7));

    expect(readTarHeader(header)).toBeUndefined();
  });

  it.each([
    ["the largest octal size", 8 * GiB - 1],
    ["the smallest base-256 size", 8 * GiB],
    ["a size of 100 GB", 100e9],
    ["nothing", 0],
  ])("says %s as other tar readers understand it", async (_, size) => {
    const seen = await new Promise((resolve, reject) => {
      const reader = extract();
      reader.on("entry", (header) =>
        resolve({ name: header.name, size: header.size, type: header.type, mode: header.mode }),
      );
      reader.on("error", reject);
      reader.write(tarHeader("blobs/sha256/ab", size));
    });

    expect(seen).toEqual({ name: "blobs/sha256/ab", size, type: "file", mode: 0o644 });
  });

  it("refuses names that do not fit, and sizes that are none", () => {
    expect(() => tarHeader("x".repeat(101), 1)).toThrow();
    expect(() => tarHeader("ü", 1)).toThrow();
    expect(() => tarHeader("x", -1)).toThrow();
    expect(() => tarHeader("x", 2 ** 60)).toThrow();
  });
});

describe("paddingOf()", () => {
  it.each([
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
  ])("of %i bytes is %i", (size, padding) => {
    expect(paddingOf(size)).toBe(padding);
  });
});
