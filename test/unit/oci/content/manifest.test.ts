import { describe, expect, it } from "vitest";
import { choosePlatform, digestOf, type ImageIndex, mediaTypes, parseManifest } from "../../../../src/oci/index.ts";

const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const parse = (value: unknown) => parseManifest(bytes(value), { what: "manifest of a:1" });
const descriptor = (text: string) => ({
  mediaType: mediaTypes.ociLayerGzip,
  digest: digestOf(text),
  size: text.length,
});
const image = { schemaVersion: 2, config: descriptor("c"), layers: [descriptor("l1"), descriptor("l2")] };

describe("parseManifest()", () => {
  it("reads an image and ignores what it does not know", () => {
    const manifest = parse({
      ...image,
      mediaType: mediaTypes.dockerManifest,
      annotations: null,
      extra: { deep: true },
    });

    expect(manifest).toEqual({
      kind: "image",
      mediaType: mediaTypes.dockerManifest,
      config: image.config,
      layers: image.layers,
      annotations: {},
    });
  });

  it("reads an index with platforms and takes the OCI type when none is given", () => {
    const entry = {
      ...descriptor("m"),
      platform: { architecture: "arm64", os: "linux", variant: "v8", "os.version": "1" },
    };

    const manifest = parse({ schemaVersion: 2, manifests: [entry] });

    expect(manifest).toMatchObject({ kind: "index", mediaType: mediaTypes.ociIndex });
    expect((manifest as ImageIndex).manifests[0]?.platform).toEqual({
      architecture: "arm64",
      os: "linux",
      variant: "v8",
    });
  });

  it.each([
    ["not JSON", "{"],
    ["not UTF-8", "\xff{}"],
    ["a list", "[]"],
    ["the old schema", { schemaVersion: 1, fsLayers: [] }],
    ["an image and an index at once", { ...image, manifests: [] }],
    ["a layer with a climbing digest", { ...image, layers: [{ ...descriptor("l"), digest: "sha256:../../etc" }] }],
    ["a negative size", { ...image, layers: [{ ...descriptor("l"), size: -1 }] }],
    ["a size beyond exact numbers", { ...image, layers: [{ ...descriptor("l"), size: 2 ** 60 }] }],
    ["larger than 4 MiB", { ...image, annotations: { a: "x".repeat(4 * 1024 * 1024) } }],
  ])("refuses what is %s", (_, value) => {
    const text = typeof value === "string" ? Buffer.from(value, "latin1") : bytes(value);

    expect(() => parseManifest(text, { what: "m" })).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" }));
  });
});

describe("choosePlatform()", () => {
  const entry = (name: string, platform?: object) => ({
    ...descriptor(name),
    ...(platform === undefined ? {} : { platform }),
  });
  const index = parse({
    schemaVersion: 2,
    manifests: [
      entry("attestation", { architecture: "unknown", os: "unknown" }),
      entry("none"),
      entry("windows", { architecture: "amd64", os: "windows" }),
      entry("amd64", { architecture: "amd64", os: "linux" }),
      entry("arm64", { architecture: "arm64", os: "linux", variant: "v8" }),
      entry("arm6", { architecture: "arm", os: "linux", variant: "v6" }),
      entry("arm7", { architecture: "arm", os: "linux", variant: "v7" }),
    ],
  }) as ImageIndex;

  it.each([
    ["amd64", { architecture: "amd64", os: "linux" }],
    ["arm64", { architecture: "arm64", os: "linux" }],
    ["arm64", { architecture: "arm64", os: "linux", variant: "v8" }],
    ["arm7", { architecture: "arm", os: "linux", variant: "v7" }],
    ["arm6", { architecture: "arm", os: "linux" }],
  ])("gives the entry %s for %j", (name, platform) => {
    expect(choosePlatform(index, platform)?.digest).toBe(digestOf(name));
  });

  it.each([
    { architecture: "s390x", os: "linux" },
    { architecture: "arm", os: "linux", variant: "v5" },
  ])("gives nothing for %j", (platform) => {
    expect(choosePlatform(index, platform)).toBeUndefined();
  });
});
