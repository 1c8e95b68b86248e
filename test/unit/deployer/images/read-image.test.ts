import { describe, expect, it } from "vitest";
import {
  manifestsOf,
  missingPlatformsOf,
  readImage,
  withoutMissing,
} from "../../../../src/deployer/images/read-image.ts";
import { type ContentStore, type Descriptor, digestOf, mediaTypes } from "../../../../src/oci/index.ts";

const { signal } = new AbortController();

/** Content in memory; what is left out is named by its descriptor only. */
function memory() {
  const kept = new Map<string, Buffer>();
  const add = (value: object | string, mediaType: string, { isStored = true } = {}): Descriptor => {
    const bytes = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    const digest = digestOf(bytes);
    if (isStored) kept.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const image = (architecture: string, options: { isStored?: boolean } = {}): Descriptor => ({
    ...add(
      {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: add(`{"architecture":"${architecture}"}`, mediaTypes.ociConfig),
        layers: [add(architecture, mediaTypes.ociLayerGzip)],
      },
      mediaTypes.ociManifest,
      options,
    ),
    platform: { os: "linux", architecture },
  });
  const index = (manifests: readonly Descriptor[]): Descriptor =>
    add(
      { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, annotations: { kept: "yes" } },
      mediaTypes.ociIndex,
    );
  const content: ContentStore = {
    resolve: async () => undefined,
    tags: async () => undefined,
    stat: async (digest) => kept.get(digest)?.length,
    open: async function* (digest) {
      yield kept.get(digest) ?? Buffer.alloc(0);
    },
  };
  const read = async (root: Descriptor) => await readImage(content, { root, image: "a.example/app:1", signal });
  return { add, image, index, read, kept };
}

describe("readImage()", () => {
  it("lists manifests before those that name them", async () => {
    const { image, index, read } = memory();
    const [amd64, arm64] = [image("amd64"), image("arm64")];
    const inner = index([arm64]);
    const root = index([amd64, inner]);

    const found = manifestsOf(await read(root)).map(({ descriptor }) => descriptor.digest);

    expect(found).toEqual([amd64, arm64, inner, root].map(({ digest }) => digest));
  });

  it("refuses towers of indexes", async () => {
    const { image, index, read } = memory();
    const tower = Array.from({ length: 6 }).reduce<Descriptor>((below) => index([below]), image("amd64"));

    await expect(read(tower)).rejects.toMatchObject({ code: "IMAGE_PUSH_DAMAGED" });
  });

  it("does without a layer that may not be distributed, and not without another", async () => {
    const { add, read } = memory();
    const config = add("{}", mediaTypes.ociConfig);
    const imageWith = (mediaType: string): Descriptor =>
      add(
        { schemaVersion: 2, config, layers: [add("absent", mediaType, { isStored: false })] },
        mediaTypes.ociManifest,
      );

    const foreign = await read(imageWith("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));

    expect(foreign.blobs).toEqual([config]);
    await expect(read(imageWith(mediaTypes.ociLayerGzip))).rejects.toMatchObject({ code: "IMAGE_PUSH_MISSING" });
  });

  it("refuses bytes that are not the manifest's", async () => {
    const { image, read, kept } = memory();
    const root = image("amd64");
    kept.set(root.digest, Buffer.alloc(root.size, "x"));

    await expect(read(root)).rejects.toMatchObject({ code: "IMAGE_PUSH_DAMAGED" });
  });
});

describe("withoutMissing()", () => {
  it("is the same image where nothing is missing", async () => {
    const { image, index, read } = memory();
    const whole = await read(index([image("amd64"), image("arm64")]));

    expect(withoutMissing(whole)).toBe(whole);
  });

  it("is the one manifest where one platform is left", async () => {
    const { image, index, read } = memory();
    const amd64 = image("amd64");
    const sparse = await read(index([amd64, image("arm64", { isStored: false }), image("s390x", { isStored: false })]));

    expect(missingPlatformsOf(sparse)).toEqual(["linux/arm64", "linux/s390x"]);
    expect(withoutMissing(sparse).descriptor).toMatchObject({
      digest: amd64.digest,
      mediaType: mediaTypes.ociManifest,
    });
  });

  it("is a smaller index where more are left, always the same", async () => {
    const { image, index, read } = memory();
    const [amd64, arm64] = [image("amd64"), image("arm64")];
    const root = index([amd64, image("s390x", { isStored: false }), arm64]);

    const [smaller, again] = [withoutMissing(await read(root)), withoutMissing(await read(root))];

    expect(JSON.parse(Buffer.from(smaller.bytes).toString())).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [amd64, arm64],
      annotations: { kept: "yes" },
    });
    expect(smaller.descriptor).toEqual(again.descriptor);
    expect(smaller.descriptor.digest).toBe(digestOf(smaller.bytes));
  });
});
