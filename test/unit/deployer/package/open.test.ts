import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openPackage, type PackageSource } from "../../../../src/deployer/index.ts";
import { readComponentTar } from "../../../../src/deployer/package/component-tar.ts";
import { digestOf, parseManifest } from "../../../../src/oci/index.ts";
import { buildFolder } from "../../../support/package-source.ts";
import { publishedSource, readZarfArchive } from "../../../support/zarf-archive.ts";

/** Damaged variants of one good package, made for these tests from a package of Zarf v0.84.0. */
const bad = "test/fixtures/zarf/bad";
const { signal } = new AbortController();
const codeOf = async (source: PackageSource): Promise<string> =>
  openPackage(source, { signal }).then(
    () => "opened",
    (error: { code?: string }) => error.code ?? String(error),
  );
const fixture = async (name: string) => publishedSource(await readZarfArchive(`${bad}/${name}.tar.zst`));

/** The base of all fixtures has a chart, so one whose bytes are sound gets as far as being refused for that. */
const sound = "PACKAGE_FEATURE_UNSUPPORTED";
const expected: Readonly<Record<string, readonly string[]>> = {
  [sound]: [
    "control",
    "unknown-key",
    "no-api-version",
    "other-doc",
    "no-build",
    "sums-dot-slash",
    "sums-no-final-newline",
    "sums-blank-line",
    "name-dot-slash",
    "init-kind",
    "version-requirement",
    "inner-traversal",
    "inner-absolute",
    "inner-symlink-escape",
    "inner-other-root",
    "inner-not-tar",
    "inner-empty",
    "inner-name-backslash",
    "inner-name-colon",
    "inner-name-trailing-dot",
    "inner-name-reserved",
    "inner-name-space",
    "missing-component-unlisted",
  ],
  PACKAGE_DAMAGED: [
    "wrong-checksum",
    "wrong-aggregate",
    "no-aggregate",
    "missing-component",
    "changed-component",
    "extra-file",
    "extra-root-file",
    "sums-upper",
    "sums-two-spaces",
    "sums-crlf",
    "sums-duplicate-line",
    "sums-traversal",
    "sums-garbage",
    "sums-self",
    "sums-empty",
    "name-space",
  ],
  PACKAGE_INVALID: [
    "kind",
    "outer-traversal",
    "outer-traversal-deep",
    "outer-traversal-inside",
    "outer-absolute",
    "name-backslash",
    "name-colon",
    "name-trailing-dot",
    "name-reserved",
    "name-newline",
    "no-zarf-yaml",
    "no-checksums",
    "bad-yaml",
    "duplicate-key",
    "duplicate-entry",
    "api-version",
    "same-doc",
    "component-twice",
    "component-name-traversal",
    "component-name-slash",
    "package-name-slash",
    "package-name-upper",
  ],
  opened: ["no-components"],
};

describe("openPackage() of damaged packages", () => {
  it.each(Object.entries(expected).flatMap(([code, names]) => names.map((name) => [name, code])))(
    "answers %s with %s",
    async (name, code) => {
      expect(await codeOf(await fixture(name))).toBe(code);
    },
  );

  it("has an expectation for every fixture", () => {
    const names = readdirSync(bad).map((file) => file.replace(".tar.zst", ""));

    expect(Object.values(expected).flat().sort()).toEqual(names.sort());
  });

  it("refuses a layer whose bytes are not those of its digest, shorter or endless ones too", async () => {
    const good = await builtSource();
    const answers: PackageSource["readBlob"][] = [
      async function* () {
        yield Buffer.from("other");
      },
      async function* () {},
      async function* () {
        for (;;) yield Buffer.alloc(1 << 16);
      },
    ];

    for (const readBlob of answers) expect(await codeOf({ ...good, readBlob })).toBe("PACKAGE_DAMAGED");
  });

  it("refuses layers beyond their limits before reading them", async () => {
    const good = await builtSource();
    const layers = good.manifest.layers.map((layer) => ({ ...layer, size: 1e12 }));
    const readBlob: PackageSource["readBlob"] = () => {
      throw new Error("must not be read");
    };

    expect(await codeOf({ ...good, manifest: { ...good.manifest, layers }, readBlob })).toBe("PACKAGE_INVALID");
  });

  it("refuses what is not a package at all", async () => {
    expect(await codeOf(publishedSource([], { configMediaType: "application/vnd.oci.image.config.v1+json" }))).toBe(
      "PACKAGE_INVALID",
    );
  });
});

describe("readComponentTar() of damaged archives", () => {
  const archiveOf = async (name: string) => {
    const files = await readZarfArchive(`${bad}/${name}.tar.zst`);
    return files.find((file) => file.name === "components/one.tar")?.bytes ?? Buffer.alloc(0);
  };

  it.each([
    "inner-traversal",
    "inner-absolute",
    "inner-symlink-escape",
    "inner-other-root",
    "inner-not-tar",
    "inner-empty",
    "inner-name-backslash",
    "inner-name-colon",
    "inner-name-trailing-dot",
    "inner-name-reserved",
  ])("refuses %s", async (name) => {
    await expect(readComponentTar("one", await archiveOf(name))).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
  });

  it.each(["control", "inner-name-space"])("reads %s", async (name) => {
    expect([...(await readComponentTar("one", await archiveOf(name))).keys()]).toContain("manifests/m-0.yaml");
  });

  it("refuses an archive that is cut off", async () => {
    const whole = await archiveOf("control");

    await expect(readComponentTar("one", whole.subarray(0, 1500))).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
  });
});

describe("openPackage() of a package that we built", () => {
  it("gives back the definition and the manifests", async () => {
    const pkg = await openPackage(await builtSource(), { signal });

    expect([pkg.name, pkg.version, pkg.definition.components.map(({ name }) => name)]).toEqual([
      "demo",
      "0.1.0",
      ["web"],
    ]);
    expect([...pkg.manifests.keys()]).toEqual([
      "components/web/manifests/web-0.yaml",
      "components/web/manifests/web-1.yaml",
    ]);
    expect(pkg.manifests.get("components/web/manifests/web-0.yaml")).toContain("###ZARF_VAR_REPLICAS###");
  });
});

async function builtSource(): Promise<PackageSource> {
  const built = await buildFolder("bundles/demo/packages/demo");
  const manifest = parseManifest(built.manifestBytes, { what: "package" });
  if (manifest.kind !== "image") throw new Error("not an image manifest");
  const open = new Map(built.layers.map((layer) => [layer.descriptor.digest, layer.open]));
  return {
    digest: digestOf(built.manifestBytes),
    manifest,
    readBlob: (digest) =>
      (open.get(digest) ?? (() => (async function* () {})()))({
        signal: new AbortController().signal,
      }),
  };
}
