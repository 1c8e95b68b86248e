import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stagedBytes, TreeBuilder } from "../../../../src/deployer/create/stage/staged.ts";
import { archiveStream } from "../../../../src/deployer/create/stage/tar-stream.ts";
import { readDefinition } from "../../../../src/deployer/package/read-definition.ts";
import { mediaTypes } from "../../../../src/oci/index.ts";
import { readArchive } from "../../../support/archive-entries.ts";
import { type MadePackage, openWorkshop, type PackageWorkshop } from "../../../support/made-packages.ts";
import { type FakeRegistry, startFakeRegistry } from "../../../support/registry.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** Packages that import from a skeleton, in the shape that Zarf publishes one; and charts that need other charts. */
const { signal } = new AbortController();
let registry: FakeRegistry;
let workshop: PackageWorkshop;
let folder: AsyncDisposable & { readonly path: string };
const made: MadePackage[] = [];

beforeEach(async () => {
  registry = await startFakeRegistry();
  workshop = openWorkshop();
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const one of made.splice(0)) await one.remove();
  await workshop.close();
  await registry.close();
  await folder[Symbol.asyncDispose]();
});

const chart = (name: string, more = ""): string => `apiVersion: v2\nname: ${name}\nversion: 0.2.0\n${more}`;
const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const head = (name: string): string => `kind: ZarfPackageConfig\nmetadata: {name: ${name}, version: 1.0.0}\n`;

/** As `zarf package publish FOLDER` does: chart folders under their number, no architecture but `skeleton`. */
async function publishSkeleton(architecture = "skeleton"): Promise<void> {
  const definition = [
    "apiVersion: zarf.dev/v1alpha1",
    "kind: ZarfPackageConfig",
    "metadata: {name: base, version: 1.0.0, architecture: skeleton}",
    "build: {architecture: skeleton, timestamp: 'Thu, 01 Jan 1970 00:00:00 +0000', version: v0.84.0}",
    "variables: [{name: GREETING, default: hi}]",
    "components:",
    "  - name: web",
    "    charts: [{name: web, version: 0.2.0, namespace: web, localPath: charts/web-0, valuesFiles: [values/web-0.2.0-0]}]",
    "    manifests: [{name: cm, namespace: web, files: [manifests/cm-0.yaml]}]",
    "    files: [{source: files/0/one.txt, target: /tmp/one.txt}]",
    "    actions: {onDeploy: {before: [{cmd: echo hi}]}}",
    "  - name: idle",
    "    actions: {onDeploy: {before: [{cmd: echo idle}]}}",
  ].join("\n");
  const files: Record<string, string> = {
    "charts/web-0/Chart.yaml": chart("web"),
    "charts/web-0/templates/c.yaml": configMap("c"),
    "files/0/one.txt": "one\n",
    "manifests/cm-0.yaml": configMap("cm"),
    "values/web-0.2.0-0": "a: 1\n",
  };
  const tree = new TreeBuilder();
  for (const [name, text] of Object.entries(files)) tree.add(name, stagedBytes(Buffer.from(text), 0o600));
  const tar = await buffer(archiveStream({ root: "web", tree: tree.entries }, { signal }));
  const layer = (title: string, bytes: Buffer) => ({
    ...registry.addBlob(bytes, "application/vnd.zarf.layer.v1.blob"),
    annotations: { "org.opencontainers.image.title": title },
  });
  const manifest = registry.addManifest("packages/base", undefined, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: registry.addBlob(Buffer.from("{}"), "application/vnd.zarf.config.v1+json"),
    layers: [layer("zarf.yaml", Buffer.from(definition)), layer("components/web.tar", tar)],
  });
  registry.addIndex("packages/base", "1.0.0", [{ ...manifest, platform: { architecture, os: "multi" } }]);
}

async function make(source: string): Promise<MadePackage> {
  const overrides = { "registry.example": registry.apiRoot };
  const one = await workshop.make({ source, overrides, architecture: "amd64" });
  made.push(one);
  return one;
}

async function importer(url = "oci://registry.example/packages/base:1.0.0"): Promise<string> {
  const source = path.join(folder.path, "importer");
  await mkdir(source);
  const text = [
    "components:",
    `  - {name: web, required: true, import: {url: "${url}"}, actions: {onDeploy: {after: [{cmd: echo bye}]}}}`,
    `  - {name: mine, import: {name: idle, url: "${url}"}}`,
  ];
  await writeFile(path.join(source, "zarf.yaml"), `${head("importer")}${text.join("\n")}\n`);
  return source;
}

describe("a package that imports from a registry", () => {
  it("has the skeleton's files, its own additions, and the same bytes every time", async () => {
    await publishSkeleton();
    const source = await importer();

    const one = await make(source);
    const outer = await readArchive(one.files[0] ?? "");
    const component = await readArchive(outer.get("components/web.tar")?.bytes ?? Buffer.alloc(0));
    expect([...component].filter(([, { type }]) => type === "file").map(([name]) => name)).toEqual([
      "web/charts/web-0.2.0.tgz",
      "web/files/0/one.txt",
      "web/manifests/cm-0.yaml",
      "web/values/web-0.2.0-0",
    ]);
    expect(component.get("web/files/0/one.txt")?.bytes.toString()).toBe("one\n");
    const text = outer.get("zarf.yaml")?.bytes.toString() ?? "";
    const { components, variables } = readDefinition(text);
    expect(components.map(({ name, actions: { onDeploy } }) => [name, onDeploy.before, onDeploy.after])).toMatchObject([
      ["web", [{ cmd: "echo hi" }], [{ cmd: "echo bye" }]],
      ["mine", [{ cmd: "echo idle" }], []],
    ]);
    expect(variables).toMatchObject([{ name: "GREETING", default: "hi" }]);
    expect(text).toMatch(/ oci\/[0-9a-f]{64}\/web\/manifests\/cm-0\.yaml$/m);
    expect((await make(source)).sha256).toBe(one.sha256);
  });

  it("refuses to import from what was published whole", async () => {
    await publishSkeleton("amd64");

    await expect(make(await importer())).rejects.toMatchObject({ code: "PACKAGE_IMPORT_INVALID" });
  });
});

describe("a chart that needs another", () => {
  /** What is in the package of `charts/web`, which needs `sub` beside it. */
  async function packed(change: (web: string) => Promise<void>, dependency: string): Promise<readonly string[]> {
    const source = path.join(folder.path, "charts");
    const web = path.join(source, "web");
    for (const [name, text] of [
      ["web/Chart.yaml", chart("web", `dependencies:\n  - ${dependency}\n`)],
      ["sub/Chart.yaml", chart("sub")],
      ["sub/templates/c.yaml", configMap("sub")],
      [
        "zarf.yaml",
        `${head("charts")}components:\n  - {name: one, charts: [{name: web, version: 0.2.0, namespace: web, localPath: web}]}\n`,
      ],
    ] as const) {
      await mkdir(path.dirname(path.join(source, name)), { recursive: true });
      await writeFile(path.join(source, name), text);
    }
    await change(web);
    const outer = await readArchive((await make(source)).files[0] ?? "");
    const component = await readArchive(outer.get("components/one.tar")?.bytes ?? Buffer.alloc(0));
    const packedChart = gunzipSync(component.get("one/charts/web-0.2.0.tgz")?.bytes ?? Buffer.alloc(0));
    return [...(await readArchive(packedChart)).keys()].sort();
  }
  const beside = "{name: sub, version: 0.2.0, repository: 'file://../sub'}";
  const lock = `dependencies:\n  - ${beside}\ndigest: sha256:0\ngenerated: "2026-01-01T00:00:00Z"\n`;

  it("takes what lies below charts/ as it is", async () => {
    const vendored = async (web: string): Promise<void> => {
      await cp(path.join(web, "../sub"), path.join(web, "charts/sub"), { recursive: true });
      await writeFile(path.join(web, "charts/sub/own.txt"), "changed here\n");
    };

    expect(await packed(vendored, beside)).toEqual([
      "web/Chart.yaml",
      "web/charts/sub/Chart.yaml",
      "web/charts/sub/own.txt",
      "web/charts/sub/templates/c.yaml",
    ]);
  });

  // Helm alone refuses to pack these; Zarf 0.84.0 builds the dependencies first.
  it("brings in what Chart.lock or Chart.yaml names and charts/ lacks, as Zarf does", async () => {
    const withSub = ["web/Chart.yaml", "web/charts/sub/Chart.yaml", "web/charts/sub/templates/c.yaml"];

    expect(await packed(async () => undefined, beside)).toEqual(withSub);
    expect(await packed(async (web) => await writeFile(path.join(web, "Chart.lock"), lock), beside)).toEqual([
      "web/Chart.lock",
      ...withSub,
    ]);
  });

  it("says what is missing where nothing says from where to take it", async () => {
    await expect(packed(async () => undefined, "{name: sub, version: 0.2.0}")).rejects.toMatchObject({
      code: "PACKAGE_CHART_NOT_FOUND",
      message: expect.stringContaining("needs sub") as string,
    });
    await expect(
      packed(async () => undefined, "{name: sub, version: 0.2.0, repository: '@mine'}"),
    ).rejects.toMatchObject({ code: "PACKAGE_FEATURE_UNSUPPORTED" });
  });
});
