import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ContentStore, type Digest, digestOf, layoutStore, mediaTypes } from "../../../../src/oci/index.ts";
import { testLayout } from "../../../support/layout.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const { signal } = new AbortController();

async function read(
  store: ContentStore,
  digest: Digest,
  range: { start?: number; end?: number } = {},
): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.open(digest, { ...range, signal })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("layoutStore()", () => {
  it("resolves by registry, tag and digest, and lists tags", async () => {
    await using folder = await temporaryFolder();
    const layout = await testLayout(folder.path);
    const one = await layout.addImage([Buffer.from("1")], { name: "ghcr.io/team/app:1" });
    const two = await layout.addImage([Buffer.from("2")], { name: "quay.io/team/app:2" });
    await layout.addImage([Buffer.from("3")], { name: "Not A Reference" });
    const store = await layoutStore(folder.path);
    const digestAt = async (registry: string | undefined, reference: string) =>
      (await store.resolve({ ...(registry === undefined ? {} : { registry }), repository: "team/app", reference }))
        ?.digest;

    expect(await digestAt("ghcr.io", "1")).toBe(one.digest);
    expect(await digestAt("ghcr.io", one.digest)).toBe(one.digest);
    expect(await digestAt("ghcr.io", "2")).toBeUndefined();
    expect(await digestAt(undefined, "2")).toBe(two.digest);
    expect(await store.tags({ repository: "team/app" })).toEqual(["1", "2"]);
    expect(await store.tags({ registry: "quay.io", repository: "team/app" })).toEqual(["2"]);
    expect(await store.tags({ repository: "team/other" })).toBeUndefined();
  });

  it("gives sizes and any part of a blob", async () => {
    await using folder = await temporaryFolder();
    const layout = await testLayout(folder.path);
    const { digest } = await layout.addBlob(Buffer.from("0123456789"));
    const store = await layoutStore(folder.path);

    expect(await store.stat(digest)).toBe(10);
    expect(await store.stat(digestOf("none"))).toBeUndefined();
    expect(await read(store, digest)).toBe("0123456789");
    expect(await read(store, digest, { start: 3, end: 5 })).toBe("34");
    expect(await read(store, digest, { start: 8 })).toBe("89");
    await expect(read(store, digestOf("none"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });

  it.each([
    ["no index", undefined, "FILE_UNREADABLE"],
    ["an index that is none", "[]", "MANIFEST_INVALID"],
    [
      "an image as its index",
      JSON.stringify({
        schemaVersion: 2,
        config: { mediaType: mediaTypes.ociConfig, digest: digestOf(""), size: 0 },
        layers: [],
      }),
      "MANIFEST_INVALID",
    ],
  ])("refuses a folder with %s", async (_, index, code) => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "blobs"));
    if (index !== undefined) await writeFile(join(folder.path, "index.json"), index);

    await expect(layoutStore(folder.path)).rejects.toMatchObject({ code });
  });
});
