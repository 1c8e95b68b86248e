import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { attachImages, type PackageImage } from "../../../../src/deployer/index.ts";
import { releaseName } from "../../../../src/deployer/manifests/release-name.ts";
import { type Descriptor, digestHex, digestOf, parseDigest } from "../../../../src/oci/index.ts";
import { buildFolder } from "../../../support/build-folder.ts";

/** A package that Zarf v0.84.0 made from the same folder: its files' sums, its image index, its checksums. */
const folder = "test/fixtures/zarf/manifests-images/src";
const recorded = JSON.parse(readFileSync("test/fixtures/zarf/manifests-images/recorded.json", "utf8")) as {
  files: Record<string, { sha256: string; size: number }>;
  index: { manifests: (Omit<Descriptor, "annotations"> & { annotations: Record<string, string> })[] };
  checksums: string;
};
const { signal } = new AbortController();

/** The images of the recording; which blob belongs to which image does not matter here, only that all are named. */
function recordedImages(): ReadonlyMap<string, PackageImage> {
  const blobs = Object.entries(recorded.files).flatMap(([path, { sha256, size }]) => {
    const digest = parseDigest(`sha256:${sha256}`);
    return path.startsWith("images/blobs/") && digest !== undefined ? [{ mediaType: "x", digest, size }] : [];
  });
  return new Map(
    recorded.index.manifests.map(({ annotations, ...descriptor }) => [
      annotations["org.opencontainers.image.ref.name"] ?? "",
      { descriptor, blobs },
    ]),
  );
}

describe("buildPackage() held against Zarf's own package", () => {
  it("gives the component's archive byte for byte", async () => {
    const { layers } = await buildFolder(folder);

    const tars = layers.filter(({ title }) => title.startsWith("components/"));
    expect(tars.map(({ title, descriptor }) => [title, digestHex(descriptor.digest)])).toEqual([
      ["components/web.tar", recorded.files["components/web.tar"]?.sha256],
    ]);
  });

  it("gives images/index.json, images/oci-layout and checksums.txt byte for byte", async () => {
    const built = attachImages(await buildFolder(folder), recordedImages());

    const own = new Map(built.layers.map((layer) => [layer.title, layer]));
    for (const path of ["images/index.json", "images/oci-layout", "checksums.txt"])
      expect(digestHex(own.get(path)?.descriptor.digest ?? digestOf(""))).toBe(recorded.files[path]?.sha256);
    const checksums = own.get("checksums.txt");
    expect(checksums && (await text(checksums.open({ signal })))).toBe(recorded.checksums);
    expect(built.definition.metadata.aggregateChecksum).toBe(recorded.files["checksums.txt"]?.sha256);
    expect(built.imageBlobs).toHaveLength(
      Object.keys(recorded.files).filter((path) => path.startsWith("images/blobs/")).length,
    );
  });
});

describe("releaseName()", () => {
  it.each([
    ["init", "zarf-agent", "zarf-agent", "zarf-d2db14ef40305397791454e883b26fc94ad9615d"],
    ["init", "zarf-registry", "registry-connect", "zarf-a0e2de5862bbc49ea7f205abbb4da84041fe9c74"],
    ["dos-games", "baseline", "multi-games", "zarf-f53a99d4a4dd9a3575bedf59cd42d48d751ae866"],
  ])("names %s/%s/%s as Zarf does", (packageName, component, manifest, expected) => {
    expect(releaseName(packageName, component, manifest)).toBe(expected);
  });
});
