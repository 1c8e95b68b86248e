import { describe, expect, it } from "vitest";
import { blobEntryDigest, blobEntryName, blobSectionBytes, planLayout } from "../../../src/bundle/format/layout.ts";
import { digestOf } from "../../../src/oci/index.ts";

const blobs = [0, 1, 512, 700].map((size, index) => ({ digest: digestOf(`blob ${index}`), size }));

describe("planLayout()", () => {
  it("puts each entry after the one before, on whole blocks, without gaps", () => {
    const { entries, totalBytes } = planLayout(100, 200, blobs);

    expect(entries.map(({ name }) => name)).toEqual([
      "oci-layout",
      "index.json",
      "signature.json",
      ...blobs.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`),
    ]);
    let at = 0;
    for (const { headerOffset, offset, sizeBytes } of entries) {
      expect(headerOffset).toBe(at);
      expect(offset).toBe(at + 512);
      at = offset + Math.ceil(sizeBytes / 512) * 512;
    }
    expect(totalBytes).toBe(at + 1024);
  });

  it("has no entry for a signature that there is not", () => {
    expect(planLayout(100, undefined, []).entries.map(({ name }) => name)).toEqual(["oci-layout", "index.json"]);
  });
});

describe("blobSectionBytes()", () => {
  it.each([undefined, 1, 200])(
    "is what follows the entries before the blobs (signature of %s bytes)",
    (signatureBytes) => {
      const { entries, totalBytes } = planLayout(100, signatureBytes, blobs);
      const first = entries.find(({ name }) => name.startsWith("blobs/"));

      expect((first?.headerOffset ?? 0) + blobSectionBytes(blobs)).toBe(totalBytes);
    },
  );
});

describe("blobEntryDigest()", () => {
  it("reads what blobEntryName() writes", () => {
    const digest = digestOf("x");

    expect(blobEntryDigest(blobEntryName(digest))).toBe(digest);
  });

  const hex = "a".repeat(64);
  it.each([
    `../blobs/sha256/${hex}`,
    `blobs/sha256/../${hex}`,
    `/blobs/sha256/${hex}`,
    `blobs/sha512/${hex}`,
    "blobs/sha256/a",
    "x",
    `blobs/sha256/${hex}/x`,
    `blobs/sha256/${"A".repeat(64)}`,
  ])("refuses %s", (name) => {
    expect(blobEntryDigest(name)).toBeUndefined();
  });
});
