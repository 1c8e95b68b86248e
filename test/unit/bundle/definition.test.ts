import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleJsonSchema, loadBundleDefinition } from "../../../src/bundle/index.ts";
import { isOperatorError } from "../../../src/lib/errors/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const head = "apiVersion: skerry.dev/v1alpha1\nkind: Bundle\nname: windpark\n";

describe("loadBundleDefinition()", () => {
  it("applies defaults and resolves paths against the file", async () => {
    await using folder = await temporaryFolder();
    for (const site of ["b", "a"]) {
      await mkdir(join(folder.path, "sites", site), { recursive: true });
      await writeFile(join(folder.path, "sites", site, "site.yaml"), "");
    }
    await mkdir(join(folder.path, "packages/demo"), { recursive: true });
    await writeFile(join(folder.path, "bundle.key"), "");
    const digest = `sha256:${"a".repeat(64)}`;
    const file = join(folder.path, "bundle.yaml");
    await writeFile(
      file,
      `${head}sites: [sites/*/site.yaml, sites/a/site.yaml]\n` +
        "packages:\n- path: packages/demo\n- oci: oci://ghcr.io/a/b:1\n" +
        `assets:\n- {kind: iso, url: "https://example.com/metal.iso", digest: "${digest}"}\n` +
        "sign: {key: bundle.key}\n",
    );

    const loaded = await loadBundleDefinition(file);

    expect(loaded.definition).toMatchObject({ name: "windpark", architectures: ["amd64"], images: [], extensions: [] });
    expect(loaded.siteFiles).toEqual(["a", "b"].map((site) => join(folder.path, "sites", site, "site.yaml")));
    expect(loaded.packages).toEqual([
      { kind: "folder", path: join(folder.path, "packages/demo") },
      { kind: "oci", reference: "ghcr.io/a/b:1" },
    ]);
    expect(loaded.assets).toEqual([
      { kind: "iso", architecture: "amd64", digest, source: { url: "https://example.com/metal.iso" } },
    ]);
    expect(loaded.signKeyFile).toBe(join(folder.path, "bundle.key"));
    expect(JSON.stringify(loaded.definition)).not.toContain(folder.path);
  });

  it.each([
    ["an unknown key", "sitess: []\nimages: [x]\n", ["4:1"]],
    ["a wrong type", "images: 3\n", ["4:9"]],
    ["another kind", "images: [x]\n", ["2:7"], head.replace("Bundle", "Site")],
    ["an unknown architecture", "architectures: [arm]\nimages: [x]\n", ["4:17"]],
    ["a package of two sources", "packages:\n- {path: a, file: b}\n", ["5:3"]],
    ["a package of no source", "packages:\n- {}\n", ["5:3"]],
    ["an asset url without a digest", 'images: [x]\nassets:\n- {kind: iso, url: "https://a/b"}\n', ["6:3"]],
    ["talos without kubernetes", "talos: v1.13.9\n", ["4:8"]],
    ["nothing to carry", "", ["3:7"]],
    [
      "files that are not there",
      "sites: [a.yaml, 'b/*.yaml']\npackages: [{path: p}]\nsign: {key: k}\n",
      ["4:9", "4:17", "5:19", "6:13"],
    ],
    [
      "an asset given twice",
      `images: [x]\nassets:\n- {kind: iso, url: "https://a/b", digest: "sha256:${"a".repeat(64)}"}\n- {kind: iso, url: "https://a/c", digest: "sha256:${"b".repeat(64)}"}\n`,
      ["7:3"],
    ],
  ])("refuses %s, with its place", async (_, text, places, start = head) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "bundle.yaml");
    await writeFile(file, start + text);

    const error = await loadBundleDefinition(file).catch((caught: unknown) => caught);

    if (!isOperatorError(error, "DOCUMENT_INVALID")) throw error;
    expect(error.problems.map(({ where }) => where?.file)).toEqual(places.map((place) => `${file}:${place}`));
  });
});

describe("bundleJsonSchema()", () => {
  it("describes every field that a person may write", () => {
    const schema = bundleJsonSchema() as { properties: Record<string, { description?: string }>; required: string[] };
    const undescribed = Object.entries(schema.properties).filter(([, { description }]) => description === undefined);

    expect(schema.required).toEqual(["apiVersion", "kind", "name"]);
    expect(undescribed.map(([key]) => key)).toEqual(["apiVersion", "kind"]);
  });
});
