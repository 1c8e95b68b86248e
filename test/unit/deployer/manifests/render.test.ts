import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderPackage } from "../../../../src/deployer/manifests/render.ts";
import { applyTextTemplate } from "../../../../src/deployer/manifests/text-template.ts";
import { BuiltDefinition } from "../../../../src/deployer/package/definition.ts";

/** Recorded from Zarf v0.84.0. */
const vectors = JSON.parse(readFileSync("test/fixtures/zarf/text-template.json", "utf8")) as {
  variables: Record<string, { value: string; autoIndent?: boolean }>;
  constants: Record<string, { value: string; autoIndent?: boolean }>;
  cases: { in: string; out: string }[];
};

describe("applyTextTemplate()", () => {
  const entries = (prefix: string, values: Record<string, { value: string; autoIndent?: boolean }>) =>
    Object.entries(values).map(
      ([name, { value, autoIndent }]) => [`${prefix}_${name}`, { value, autoIndent: autoIndent === true }] as const,
    );
  const values = new Map([...entries("VAR", vectors.variables), ...entries("CONST", vectors.constants)]);

  it.each(vectors.cases)("gives what Zarf gives, case %#", ({ in: text, out }) => {
    expect(applyTextTemplate(text, values)).toBe(out);
  });

  it("does not cut lines beyond 1 MiB", () => {
    const long = "x".repeat(2 << 20);

    expect(applyTextTemplate(`${long}###ZARF_VAR_PLAIN###`, values)).toBe(`${long}plain\n`);
  });
});

describe("renderPackage()", () => {
  const definition = (rest: object = {}) =>
    BuiltDefinition.parse({
      metadata: { name: "test" },
      components: [
        { name: "base", required: true, manifests: [{ name: "all", namespace: "base-ns", files: ["a.yaml"] }] },
        { name: "extra", default: true, manifests: [{ name: "all", files: ["b.yaml"], noWait: true }] },
        { name: "optional", manifests: [{ name: "all", files: ["c.yaml"] }] },
      ],
      variables: [{ name: "NAME", default: "some", pattern: "^[a-z]+$" }],
      ...rest,
    });
  const manifests = new Map([
    [
      "components/base/manifests/all-0.yaml",
      `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {metadata: {labels: {app: web}}, spec: {}}}
---
# nothing
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: ###ZARF_VAR_NAME###}, data: {mode: "0777", octal: 0o7}}
  - {apiVersion: v1, kind: Namespace, metadata: {name: base-ns, labels: {zarf.dev/agent: ignore}}}
`,
    ],
    ["components/extra/manifests/all-0.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"],
    ["components/optional/manifests/all-0.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n"],
  ]);
  const render = (variables = {}, components: "deployed" | "all" = "deployed", rest = {}) =>
    renderPackage({ definition: definition(rest), manifests }, { variables, components });

  it("renders required and default components, in order, and all of them as a proof", () => {
    expect(render().map(({ name }) => name)).toEqual(["base", "extra"]);
    expect(render({}, "all").map(({ name }) => name)).toEqual(["base", "extra", "optional"]);
  });

  it("takes lists apart and orders by kind", () => {
    const objects = render({ NAME: "given" })[0]?.manifests[0]?.objects ?? [];

    expect(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      "Namespace/base-ns",
      "ConfigMap/given",
      "Deployment/web",
    ]);
  });

  it("leaves the marks that Zarf leaves", () => {
    const [namespace, , deployment] = render()[0]?.manifests[0]?.objects ?? [];

    expect(namespace?.metadata).toEqual({
      name: "base-ns",
      labels: { "app.kubernetes.io/managed-by": "zarf", "zarf.dev/agent": "ignore", "zarf.dev/package": "test" },
    });
    expect(deployment).toMatchObject({
      metadata: {
        labels: { "app.kubernetes.io/managed-by": "Helm", "zarf.dev/package": "test" },
        annotations: { "meta.helm.sh/release-namespace": "base-ns" },
      },
      spec: { template: { metadata: { labels: { app: "web", "zarf.dev/package": "test" } } } },
    });
  });

  it("reads YAML as Kubernetes does", () => {
    const modes = new Map([
      ["components/base/manifests/all-0.yaml", "apiVersion: v1\nkind: X\nmetadata: {name: a}\nmode: 0777\nyes: on\n"],
      ["components/extra/manifests/all-0.yaml", ""],
    ]);
    const [object] =
      renderPackage({ definition: definition(), manifests: modes }, { variables: {}, components: "deployed" })[0]
        ?.manifests[0]?.objects ?? [];

    expect(object?.["mode"]).toBe(511);
  });

  it.each([
    ["a value that the pattern refuses", { NAME: "Secret1" }],
    ["a variable that the package does not have", { NAMES: "Secret1" }],
  ])("refuses %s without repeating the value", (_what, variables) => {
    const failure = (() => {
      try {
        return render(variables);
      } catch (error) {
        return error;
      }
    })();

    expect(failure).toMatchObject({ code: "PACKAGE_VARIABLE_INVALID" });
    expect(String(failure)).not.toContain("Secret1");
  });
});
