import { describe, expect, it } from "vitest";
import { mentionOrder, reachableFrom } from "../../../src/bundle/format/mention-order.ts";
import { type Descriptor, digestOf, type Manifest, mediaTypes } from "../../../src/oci/index.ts";

const blob = (name: string, mediaType = "layer"): Descriptor => ({
  mediaType,
  digest: digestOf(name),
  size: name.length,
});
const image = (...layers: Descriptor[]): Manifest => ({
  kind: "image",
  mediaType: mediaTypes.ociManifest,
  config: blob("config"),
  layers,
  annotations: {},
});
const manifest = (name: string): Descriptor => blob(name, mediaTypes.ociManifest);
const on = (descriptor: Descriptor, architecture: string, os = "linux"): Descriptor => ({
  ...descriptor,
  platform: { architecture, os },
});

const walk = async (
  top: readonly Descriptor[],
  all: Readonly<Record<string, Manifest>>,
  platforms = ["linux/amd64"],
) => {
  const byDigest = new Map(Object.entries(all).map(([name, value]) => [digestOf(name), value]));
  return await mentionOrder(top, new Set(platforms), async ({ digest }) => byDigest.get(digest));
};

describe("mentionOrder()", () => {
  it("lists level by level, each blob once", async () => {
    const found = await walk([manifest("a"), manifest("b")], {
      a: image(blob("one"), blob("two")),
      b: image(blob("two"), blob("three")),
    });

    expect(found.blobs.map(({ digest }) => digest)).toEqual(
      ["a", "b", "config", "one", "two", "three"].map((name) => digestOf(name)),
    );
    expect(found.conflicts).toEqual([]);
    expect([...reachableFrom(digestOf("b"), found.children)].sort()).toEqual(
      ["b", "config", "two", "three"].map((name) => digestOf(name)).sort(),
    );
  });

  it("follows of an index the wanted platforms and those without one, and no attestations", async () => {
    const index: Manifest = {
      kind: "index",
      mediaType: mediaTypes.ociIndex,
      annotations: {},
      manifests: [
        on(manifest("amd"), "amd64"),
        on(manifest("arm"), "arm64"),
        on(manifest("sbom"), "unknown", "unknown"),
        manifest("any"),
      ],
    };
    const found = await walk([blob("index", mediaTypes.ociIndex)], { index, amd: image(), any: image() });

    expect(found.blobs.map(({ digest }) => digest)).toEqual(
      ["index", "amd", "any", "config"].map((name) => digestOf(name)),
    );
    expect(found.unread).toEqual([]);
  });

  it("walks a manifest that a package carries as a mere file as well", async () => {
    const asFile: Descriptor = { ...manifest("inner"), mediaType: "application/vnd.zarf.layer.v1.blob" };
    const found = await walk([manifest("package"), manifest("outer")], {
      package: image(asFile),
      outer: { ...image(), layers: [manifest("inner")] } as Manifest,
      inner: image(blob("deep")),
    });

    expect(found.blobs.map(({ digest }) => digest)).toContain(digestOf("deep"));
    expect(found.manifests.get(digestOf("inner"))?.mediaType).toBe(mediaTypes.ociManifest);
    expect(found.conflicts).toEqual([]);
  });

  it("tells of digests with two sizes and of manifests it could not read", async () => {
    const found = await walk([manifest("a"), manifest("gone")], {
      a: image(blob("one"), { ...blob("one"), size: 99 }),
    });

    expect(found.conflicts).toEqual([digestOf("one")]);
    expect(found.unread).toEqual([digestOf("gone")]);
  });
});
