import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { buildPackage, checkPackage } from "../../../../src/deployer/index.ts";
import { digestOf, parseManifest } from "../../../../src/oci/index.ts";
import { openBuilt } from "../../../support/package-source.ts";

const { signal } = new AbortController();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "skerry-package-"));
});
afterEach(() => rm(folder, { recursive: true }));

const deployment = (image: string) =>
  stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { template: { spec: { containers: [{ name: "web", image }] } } },
  });
const component = (rest: object = {}) => ({
  name: "web",
  required: true,
  manifests: [{ name: "web", files: ["web.yaml"] }],
  images: ["registry.example/web:1"],
  ...rest,
});
async function build(definition: object, files: Readonly<Record<string, string>> = {}) {
  const whole = { kind: "ZarfPackageConfig", metadata: { name: "test" }, components: [component()], ...definition };
  const all = { "zarf.yaml": stringify(whole), "web.yaml": deployment("registry.example/web:1"), ...files };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return buildPackage(folder, { signal });
}
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code: string; message: string; problems: { message: string; where?: { file?: string } }[] }) => error,
  );

describe("buildPackage()", () => {
  it("gives a manifest whose config and layers are what it hands out", async () => {
    const built = await build({ metadata: { name: "test", version: "1.0.0", description: "A test" } });
    const manifest = parseManifest(built.manifestBytes, { what: "package" });

    expect(manifest).toMatchObject({
      config: { mediaType: "application/vnd.zarf.config.v1+json", digest: digestOf(built.configBytes) },
      annotations: { "org.opencontainers.image.title": "test", "org.opencontainers.image.description": "A test" },
    });
    expect(built.layers.map(({ title }) => title).sort()).toEqual(["checksums.txt", "components/web.tar", "zarf.yaml"]);
    for (const { descriptor, open } of built.layers) {
      const bytes = await buffer(open());
      expect([digestOf(bytes), bytes.length]).toEqual([descriptor.digest, descriptor.size]);
    }
    expect(built).toMatchObject({ name: "test", version: "1.0.0", images: ["registry.example/web:1"] });
  });

  it("gives the same bytes for the same folder, wherever it lies and whenever it was written", async () => {
    const first = await build({});
    const before = folder;
    folder = await mkdtemp(path.join(tmpdir(), "skerry-other-"));
    await cp(before, folder, { recursive: true });
    await rm(before, { recursive: true });

    const second = await buildPackage(folder, { signal });
    expect(Buffer.from(second.manifestBytes)).toEqual(Buffer.from(first.manifestBytes));
  });

  it("writes a zarf.yaml that Zarf's rules for packages ask for", async () => {
    const { definition } = await build({});

    expect(definition).toMatchObject({
      apiVersion: "zarf.dev/v1alpha1",
      metadata: { architecture: "amd64", aggregateChecksum: expect.stringMatching(/^[0-9a-f]{64}$/) },
      build: { architecture: "amd64", signed: false, provenanceFiles: ["checksums.txt"], version: "v0.84.0" },
    });
  });

  it("keeps the components of its architecture", async () => {
    const arm = component({ only: { cluster: { architecture: "arm64" } }, images: [], manifests: [] });

    expect((await build({ components: [component(), arm] })).definition.components).toHaveLength(1);
  });

  it.each<[string, object]>([
    ["charts", { charts: [{ name: "c", localPath: "c", namespace: "n" }] }],
    ["files", { files: [{ source: "a", target: "b" }] }],
    ["repos", { repos: ["https://git.example/a.git"] }],
    [
      "dataInjections",
      { dataInjections: [{ source: "a", target: { namespace: "n", selector: "a=b", container: "c", path: "/d" } }] },
    ],
    ["imageArchives", { imageArchives: [{ path: "a.tar", images: ["a"] }] }],
    ["actions", { actions: { onDeploy: { before: [{ cmd: "true" }] } } }],
    ["actions", { actions: { onRemove: { after: [{ cmd: "true" }] } } }],
    ["scripts", { scripts: { before: ["true"] } }],
    ["healthChecks", { healthChecks: [{ apiVersion: "v1", kind: "Pod", name: "a" }] }],
    ["import", { import: { path: "../other" } }],
    ["group", { group: "one" }],
    ["only.flavor", { only: { flavor: "vanilla" } }],
    ["only.localOS", { only: { localOS: "linux" } }],
    ["kustomizations", { manifests: [{ name: "k", kustomizations: ["k"] }] }],
    ["template", { manifests: [{ name: "t", files: ["web.yaml"], template: true }] }],
    ["from a URL", { manifests: [{ name: "u", files: ["https://example.com/a.yaml"] }] }],
  ])("refuses %s, naming component and line", async (feature, rest) => {
    const error = await failure(build({ components: [component(rest)] }));

    expect(error).toMatchObject({ code: "PACKAGE_FEATURE_UNSUPPORTED" });
    expect(error?.message).toContain(feature);
    expect(error?.problems[0]?.where?.file).toMatch(/zarf\.yaml/);
  });

  it.each<[string, object]>([
    ["kind ZarfInitConfig", { kind: "ZarfInitConfig" }],
    ["values", { values: { files: ["values.yaml"] } }],
    ["documentation", { documentation: { a: "a.md" } }],
    ["of type file", { variables: [{ name: "A", type: "file" }] }],
    ["create-time templates", { metadata: { name: "test", description: "###ZARF_PKG_TMPL_A###" } }],
  ])("refuses %s of the package", async (feature, rest) => {
    const error = await failure(build(rest));

    expect([error?.code, error?.message]).toEqual(["PACKAGE_FEATURE_UNSUPPORTED", expect.stringContaining(feature)]);
  });

  it("names every image that a manifest runs and no component lists", async () => {
    const jobs = stringify({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "night" },
      spec: {
        jobTemplate: {
          spec: {
            template: {
              spec: {
                initContainers: [{ name: "a", image: "registry.example/init:1" }],
                containers: [{ name: "b", image: "busybox" }],
                volumes: [{ name: "v", image: { reference: "registry.example/data:1" } }],
              },
            },
          },
        },
      },
    });
    const error = await failure(build({}, { "web.yaml": `${deployment("registry.example/web:1")}---\n${jobs}` }));

    expect(error?.code).toBe("PACKAGE_IMAGE_UNLISTED");
    expect(error?.problems.map(({ message }) => message)).toEqual([
      "registry.example/init:1 is run by CronJob/night",
      "busybox is run by CronJob/night",
      "registry.example/data:1 is run by CronJob/night",
    ]);
  });

  it("knows an image under its short and its full name", async () => {
    const components = [component({ images: ["docker.io/library/busybox:latest"] })];

    expect((await build({ components }, { "web.yaml": deployment("busybox") })).images).toEqual([
      "docker.io/library/busybox:latest",
    ]);
  });

  it.each<[string, object, Readonly<Record<string, string>>, string]>([
    ["an unknown key", { component: [] }, {}, "DOCUMENT_INVALID"],
    ["a component that is there twice", { components: [component(), component()] }, {}, "DOCUMENT_INVALID"],
    [
      "a name that climbs",
      { components: [component({ manifests: [{ name: "../x", files: ["web.yaml"] }] })] },
      {},
      "DOCUMENT_INVALID",
    ],
    ["a version with a slash", { metadata: { name: "test", version: "a/b" } }, {}, "DOCUMENT_INVALID"],
    ["a name in capitals", { metadata: { name: "Test" } }, {}, "DOCUMENT_INVALID"],
    ["no components", { components: [] }, {}, "DOCUMENT_INVALID"],
    [
      "a manifest that is missing",
      { components: [component({ manifests: [{ name: "m", files: ["no.yaml"] }] })] },
      {},
      "FILE_UNREADABLE",
    ],
    ["a manifest that is not YAML", {}, { "web.yaml": "a: [" }, "DOCUMENT_INVALID"],
    ["a manifest without a kind", {}, { "web.yaml": "apiVersion: v1\nmetadata: {name: a}\n" }, "PACKAGE_INVALID"],
    [
      "a default that its own pattern refuses",
      { variables: [{ name: "A", default: "x", pattern: "^y$" }] },
      {},
      "PACKAGE_VARIABLE_INVALID",
    ],
    [
      "a value of Zarf's cluster state",
      {},
      { "web.yaml": `${deployment("registry.example/web:1")}# ###ZARF_REGISTRY###\n` },
      "PACKAGE_FEATURE_UNSUPPORTED",
    ],
  ])("refuses %s", async (_what, definition, files, code) => {
    expect((await failure(build(definition, files)))?.code).toBe(code);
  });

  it("builds a package whose variable only a site can give", async () => {
    const variables = [{ name: "A", pattern: "^.+$" }];

    expect((await build({ variables })).definition.variables).toHaveLength(1);
  });
});

describe("buildPackage() of the demo", () => {
  it.each([
    ["rack-cni", "ghcr.io/siderolabs/flannel:0.28.8"],
    ["demo", "registry.k8s.io/e2e-test-images/agnhost:2.63.0"],
  ])("builds %s", async (name, image) => {
    expect((await buildPackage(`bundles/demo/packages/${name}`, { signal })).images).toEqual([image]);
  });
});

describe("checkPackage()", () => {
  it("holds a site's values against the package before anything is touched", async () => {
    const pkg = await openBuilt(
      await build(
        { variables: [{ name: "TAG", default: "1", pattern: "^[0-9]+$" }] },
        { "web.yaml": deployment("registry.example/web:###ZARF_VAR_TAG###") },
      ),
    );
    const codeWith = (variables: Readonly<Record<string, string>>) => {
      try {
        checkPackage(pkg, variables);
        return "fine";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };

    expect([{}, { TAG: "2" }, { TAG: "x" }].map(codeWith)).toEqual([
      "fine",
      "PACKAGE_IMAGE_UNLISTED",
      "PACKAGE_VARIABLE_INVALID",
    ]);
  });
});
