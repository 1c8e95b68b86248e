import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { sortClosure } from "../../../src/bundle/format/closure.ts";
import {
  type IndexDocument,
  indexBytes,
  readIndex,
  topDescriptors,
} from "../../../src/bundle/format/index-document.ts";
import { type Descriptor, digestOf, mediaTypes } from "../../../src/oci/index.ts";

const descriptor = (name: string, mediaType: string = mediaTypes.ociManifest): Descriptor => ({
  mediaType,
  digest: digestOf(name),
  size: name.length,
});
const document: IndexDocument = {
  definition: descriptor("definition"),
  closure: descriptor("closure"),
  images: [
    { reference: "docker.io/library/registry:3", descriptor: descriptor("registry", mediaTypes.ociIndex) },
    { reference: "registry.k8s.io/pause:3.10", descriptor: descriptor("pause") },
  ],
  packages: [{ name: "demo", descriptor: descriptor("demo") }],
  assets: descriptor("assets"),
  blobSectionBytes: 123_456,
};
const bytes = indexBytes(document);

describe("readIndex()", () => {
  it("reads what indexBytes() writes", () => {
    expect(readIndex(bytes)).toEqual(document);
    expect(topDescriptors(document)).toHaveLength(6);
  });

  test.prop([fc.nat(bytes.length * 8 - 1)], { numRuns: 500 })(
    "takes no byte with a flipped bit for the same",
    (bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));

      expect(readIndex(flipped)).not.toEqual(document);
    },
  );

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["spaces", bytes.toString().replace(":", ": ")],
    ["a key more", bytes.toString().replace('"schemaVersion":2', '"schemaVersion":2,"subject":{}')],
    ["another order", bytes.toString().replace(/^\{"annotations":(\{.*?\}),(.*)\}$/, '{$2,"annotations":$1}')],
    ["another list", JSON.stringify({ schemaVersion: 2, manifests: [] })],
  ])("refuses %s", (_, text) => {
    expect(readIndex(Buffer.from(text))).toHaveProperty("refusal");
  });

  it("says that a newer format is one", () => {
    const newer = Buffer.from(bytes.toString().replace('"dev.skerry.format":"1"', '"dev.skerry.format":"2"'));

    expect(readIndex(newer)).toEqual({ refusal: 'it has format "2", and this Skerry knows 1' });
  });
});

describe("sortClosure()", () => {
  it("gives one form whatever the order", () => {
    const image = (reference: string, why: string[]) => ({
      reference,
      digest: digestOf(reference),
      why,
      platforms: ["linux/arm64", "linux/amd64"],
    });
    const closure = {
      versions: [
        { talos: "v1.13.9", kubernetes: "v1.36.3" },
        { talos: "v1.13.9", kubernetes: "v1.36.3" },
      ],
      images: [image("b", ["y", "x", "y"]), image("a", ["z"])],
      packages: [],
      assets: [],
    };

    const sorted = sortClosure(closure);

    expect(sorted).toEqual(sortClosure({ ...closure, images: [...closure.images].reverse() }));
    expect(sorted.images.map(({ reference, why }) => [reference, why])).toEqual([
      ["a", ["z"]],
      ["b", ["x", "y"]],
    ]);
    expect(sorted.versions).toHaveLength(1);
  });
});
