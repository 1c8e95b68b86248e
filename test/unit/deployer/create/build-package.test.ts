import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { digestOf, parseManifest } from "../../../../src/oci/index.ts";
import { buildFolder } from "../../../support/build-folder.ts";

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
  return buildFolder(folder);
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
      const bytes = await buffer(open({ signal }));
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

    const second = await buildFolder(folder);
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
    [
      "a chart with url and localPath",
      {
        components: [
          component({
            charts: [{ name: "c", version: "1", url: "https://a.example", localPath: "c", namespace: "n" }],
          }),
        ],
      },
      {},
      "DOCUMENT_INVALID",
    ],
    [
      "a template that nobody filled",
      { metadata: { name: "test", description: "###ZARF_PKG_TMPL_A###" } },
      {},
      "PACKAGE_TEMPLATE_UNSET",
    ],
    [
      "the older version of an import of itself",
      { components: [component({ import: { path: "." } })] },
      {},
      "DOCUMENT_INVALID",
    ],
    ["a group of one", { components: [component({ required: false, group: "one" })] }, {}, "DOCUMENT_INVALID"],
    [
      "an action without cmd and wait",
      { components: [component({ actions: { onDeploy: { before: [{}] } } })] },
      {},
      "DOCUMENT_INVALID",
    ],
    [
      "variables set while it is removed",
      {
        components: [component({ actions: { onRemove: { before: [{ cmd: "a", setVariables: [{ name: "A" }] }] } } })],
      },
      {},
      "DOCUMENT_INVALID",
    ],
    ["a repository that is none", { components: [component({ repos: ["nothing"] })] }, {}, "DOCUMENT_INVALID"],
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
    expect((await buildFolder(`bundles/demo/packages/${name}`)).images).toEqual([image]);
  });
});
