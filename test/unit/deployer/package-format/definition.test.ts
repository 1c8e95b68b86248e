import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BuiltDefinition, WrittenDefinition } from "../../../../src/deployer/package/definition.ts";
import { readDefinition } from "../../../../src/deployer/package/read-definition.ts";
import { refuseUnsupported } from "../../../../src/deployer/package/requirements.ts";
import { zarfJson, zarfYaml } from "../../../../src/deployer/package/zarf-json.ts";
import { parseYamlDocument } from "../../../../src/lib/yaml/index.ts";

const head = "metadata: {name: p}\n";
const written = (text: string) => parseYamlDocument(text, { file: "zarf.yaml", schema: WrittenDefinition }).value;
const problemsOf = (work: () => unknown): readonly string[] => {
  try {
    work();
    return [];
  } catch (error) {
    const { problems } = error as { readonly problems: readonly { message: string; where?: { file?: string } }[] };
    return problems.map(({ message, where }) => `${where?.file ?? ""} ${message}`.trim());
  }
};

describe("WrittenDefinition", () => {
  it("takes every definition that Zarf took for the fixtures", () => {
    const root = "test/fixtures/zarf/public";
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
      /^[^/]+\/src[^/]*\/zarf\.yaml$/.test(file),
    );

    for (const file of files) {
      const text = readFileSync(join(root, file), "utf8");
      if (text.includes("v1beta1")) continue;
      expect({ file, problems: problemsOf(() => written(text)) }).toEqual({ file, problems: [] });
    }
    expect(files.length).toBeGreaterThan(5);
  });

  it("finds unknown keys at every depth, with their place and the key that was meant, and lets x- pass", () => {
    const text = `kind: ZarfPackageConfig
metadata: {name: p, x-note: 1, descripton: d}
x-anchor: {a: 1}
components:
  - name: a
    manifests:
      - {name: m, files: [a.yaml], nowait: true, x-y: 2}
    actions:
      onDeploy:
        before:
          - {cmd: echo, x-why: because, maxRetry: 2}
    charts:
      - {name: 5, valueFiles: [a]}
`;

    expect(problemsOf(() => written(text))).toEqual([
      'zarf.yaml:2:32 metadata.descripton: unknown key; did you mean "description"?',
      'zarf.yaml:7:36 components[0].manifests[0].nowait: unknown key; did you mean "noWait"?',
      'zarf.yaml:11:41 components[0].actions.onDeploy.before[0].maxRetry: unknown key; did you mean "maxRetries"?',
      "zarf.yaml:13:16 components[0].charts[0].name: expected string, found number",
      'zarf.yaml:13:19 components[0].charts[0].valueFiles: unknown key; did you mean "valuesFiles"?',
    ]);
  });

  it("fills in what is not said, and keeps apart what Zarf keeps apart", () => {
    const { components, values, documentation } = written(`${head}components: [{name: a, manifests: [{name: m}]}]`);

    expect(components[0]).toMatchObject({
      default: false,
      images: [],
      only: { cluster: { distros: [] } },
      actions: { onDeploy: { defaults: { mute: false, shell: {} }, before: [] } },
    });
    expect([components[0]?.required, components[0]?.manifests[0]?.namespace, values, documentation]).toEqual([
      undefined,
      undefined,
      { files: [] },
      {},
    ]);
  });
});

describe("readDefinition()", () => {
  it("lets pass what it does not know, takes nulls for absent, and moves old words into new ones", () => {
    const definition = readDefinition(`${head}unknown: {a: 1}
components:
  - name: a
    description:
    future: true
    scripts: {retry: true, timeoutSeconds: 3, prepare: [p], before: [b]}
    actions: {onDeploy: {after: [{cmd: echo, setVariable: OLD}]}}
`);

    const { onCreate, onDeploy } = definition.components[0]?.actions ?? expect.unreachable();
    expect(onCreate).toMatchObject({
      defaults: { mute: true, maxTotalSeconds: 3, maxRetries: 10_000 },
      before: [{ cmd: "p" }],
    });
    expect(onDeploy.before).toMatchObject([{ cmd: "b" }]);
    expect(onDeploy.after[0]?.setVariables).toMatchObject([{ name: "OLD" }]);
    expect(definition.build?.migrations).toEqual(["scripts-to-actions", "pluralize-set-variable"]);
  });

  it("does not move again what was moved", () => {
    const { components } = readDefinition(`${head}build: {migrations: [scripts-to-actions, pluralize-set-variable]}
components:
  - name: a
    scripts: {before: [b]}
    actions: {onDeploy: {before: [{cmd: b, setVariable: OLD}]}}
`);

    expect(components[0]?.scripts.before).toEqual([]);
    expect(components[0]?.actions.onDeploy.before).toMatchObject([
      { cmd: "b", setVariable: undefined, setVariables: [] },
    ]);
  });

  it.each([
    ["metadata: {name: UPPER}\ncomponents: []", "lower-case"],
    [`metadata: {name: ${"a".repeat(64)}}\ncomponents: []`, "63"],
    [`kind: Other\n${head}components: []`, "kind"],
    [`${head}components: [{name: a}, {name: a}]`, "component a is there twice"],
    [`${head}components: [{name: a, charts: [{name: ../c}]}]`, "cannot be part of a path"],
    [`${head}components: [{name: a, charts: [{name: c, version: ..}]}]`, "cannot be part of a path"],
    [`${head}components: [{name: a, manifests: [{name: m}, {name: m}]}]`, "manifest m of component a is there twice"],
    [`${head}build: {flavor: a/b}\ncomponents: []`, "build.flavor"],
    ["metadata: {name: p, version: ..}\ncomponents: []", "metadata.version"],
    ["[1, 2", "not YAML"],
    [`${head}components: []\n---\n${head}components: []`, "two documents"],
    ["apiVersion: zarf.dev/v9\n", "no document"],
    [`a: &a [x]\nb: [${"*a, ".repeat(200)}]\n${head}components: []`, "YAML"],
  ])("refuses %j", (text, reason) => {
    expect(() => readDefinition(text)).toThrow(expect.objectContaining({ code: "PACKAGE_INVALID" }));
    expect(() => readDefinition(text)).toThrow(reason);
  });

  it("takes a package without components, and documents of versions that nobody knows", () => {
    expect(readDefinition(`${head}components: []\n---\napiVersion: zarf.dev/v9\nany: thing\n---\n`).components).toEqual(
      [],
    );
  });
});

const beta = `apiVersion: zarf.dev/v1beta1
kind: ZarfPackageConfig
metadata:
  name: b
  annotations: {metadata.url: "https://example.com", own: note}
  preventNamespaceOverride: true
build: {hostname: h, architecture: amd64, aggregateChecksum: abc, version: v0.84.0}
components:
  - name: first
    target: {os: linux}
    selector: {architecture: arm64, flavor: vanilla}
    images: [{name: "nginx:1", source: daemon}]
    repositories:
      - {url: "https://git.example/a/b.git", ref: {tag: v1}}
      - {url: "https://user@git.example/a/b.git@old", ref: {branch: main}}
      - {url: "https://git.example/a/c.git"}
    charts:
      - {name: h, namespace: n, helmRepository: {name: other, url: "https://charts.example", version: 1.0.0}, skipWait: true}
      - {name: o, oci: {url: "oci://r.example/c", ref: {digest: "sha256:00"}}, skipSchemaValidation: true}
      - {name: g, git: {url: "https://git.example/c.git", path: charts/x, ref: {branch: main}}}
      - {name: t, git: {url: "https://git.example/c.git", ref: {tag: v2}}}
      - name: l
        local: {path: chart}
        valuesFiles: [{path: a.yaml}, {path: b.yaml, enableTemplating: true}]
    manifests: [{name: m, kustomize: {files: [k], allowAnyDirectory: true}, enableTemplating: true}]
    files: [{source: s, checksum: c0, destination: d}]
    actions:
      onDeploy:
        defaults: {silent: true, retries: 2}
        before: [{cmd: a, silent: false, retries: 0}]
        onSuccess: [{wait: {cluster: {kind: Deployment.v1.apps, name: x}}}]
  - {name: second, optional: true}
`;

describe("readDefinition() of v1beta1", () => {
  it("projects a lone document, every part of it", () => {
    const definition = readDefinition(beta);
    const [first, second] = definition.components;

    expect(definition.metadata).toMatchObject({
      url: "https://example.com",
      annotations: { own: "note" },
      allowNamespaceOverride: false,
      aggregateChecksum: "abc",
    });
    expect(definition.build).toMatchObject({ terminal: "h", migrations: [] });
    expect([first?.required, second?.required]).toEqual([true, undefined]);
    expect(first?.only).toMatchObject({ localOS: "linux", cluster: { architecture: "arm64" }, flavor: "vanilla" });
    expect(first?.images).toEqual(["nginx:1"]);
    expect(first?.repos).toEqual([
      "https://git.example/a/b.git@v1",
      "https://user@git.example/a/b.git@refs/heads/main",
      "https://git.example/a/c.git",
    ]);
    expect(first?.charts).toMatchObject([
      { url: "https://charts.example", repoName: "other", version: "1.0.0", noWait: true },
      { url: "oci://r.example/c@sha256:00", schemaValidation: false },
      { url: "https://git.example/c.git@refs/heads/main", gitPath: "charts/x" },
      { url: "https://git.example/c.git", version: "v2" },
      { localPath: "chart", valuesFiles: ["a.yaml"], templatedValuesFiles: ["b.yaml"] },
    ]);
    expect(first?.manifests).toMatchObject([
      { kustomizations: ["k"], kustomizeAllowAnyDirectory: true, template: true },
    ]);
    expect(first?.files).toMatchObject([{ source: "s", shasum: "c0", target: "d", template: undefined }]);
    expect(first?.actions.onDeploy).toMatchObject({
      defaults: { mute: true, maxRetries: 2 },
      before: [{ cmd: "a", mute: false, maxRetries: 0 }],
      onSuccess: [{ wait: { cluster: { kind: "Deployment.v1.apps" } } }],
    });
  });

  it("is what counts where both versions are there, as for Zarf", () => {
    const both = `apiVersion: zarf.dev/v1alpha1\nmetadata: {name: other}\ncomponents: []\n---\n${beta}`;

    expect(readDefinition(both)).toEqual(readDefinition(beta));
  });

  it("makes an init package of one with a service", () => {
    expect(readDefinition(beta.replace("name: first", "name: first\n    service: registry")).kind).toBe(
      "ZarfInitConfig",
    );
  });
});

describe("zarfYaml()", () => {
  it("is read back as it was, by the lenient and the strict reader", () => {
    const definition = readDefinition(beta);
    const text = zarfYaml(definition);

    expect(zarfJson(BuiltDefinition.parse(written(text)), { files: "written" })).toEqual(
      zarfJson(definition, { files: "written" }),
    );
  });
});

describe("refuseUnsupported()", () => {
  const built = (build: string) => readDefinition(`${head}build: ${build}\ncomponents: [{name: a}]`);

  it.each(["v0.84.0", "0.65.0", "v0.77.0"])("carries out what needs %s", (version) => {
    expect(() => refuseUnsupported(built(`{versionRequirements: [{version: "${version}"}]}`))).not.toThrow();
  });

  it.each(["v0.84.1", "v99.0.0", "newest"])("refuses what needs %s, with the reason it gives", (version) => {
    const definition = built(`{versionRequirements: [{version: "${version}", reason: a new thing}]}`);

    expect(() => refuseUnsupported(definition)).toThrow("a new thing");
  });

  it("refuses extensions, which Zarf drops silently", () => {
    const definition = readDefinition(`${head}components: [{name: a, extensions: {bigbang: {version: 1.0.0}}}]`);

    expect(() => refuseUnsupported(definition)).toThrow(
      expect.objectContaining({ code: "PACKAGE_FEATURE_UNSUPPORTED" }),
    );
  });
});
