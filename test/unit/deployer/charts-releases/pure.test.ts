import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSameObject, isSameRelease } from "../../../../src/deployer/charts/releases/compare.ts";
import { fieldDiff } from "../../../../src/deployer/charts/releases/field-diff.ts";
import { checkReleaseName } from "../../../../src/deployer/charts/releases/history.ts";
import { inInstallOrder, inUninstallOrder } from "../../../../src/deployer/charts/releases/kind-order.ts";
import { afterTakeOver, judgeAs } from "../../../../src/deployer/charts/releases/managed-fields.ts";
import { asksToStay, foreignBecause, withOwner } from "../../../../src/deployer/charts/releases/ownership.ts";
import { heir } from "../../../../src/deployer/charts/releases/prune.ts";
import { rawChartJson, renderRaw } from "../../../../src/deployer/charts/releases/raw-chart.ts";
import { readManifest } from "../../../../src/deployer/charts/releases/read-manifest.ts";
import { mergePatch, mergeThreeWay } from "../../../../src/deployer/charts/releases/three-way-merge.ts";
import type { KubeObject } from "../../../../src/kube/index.ts";

const object = (kind: string, name = "x", more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name },
  ...more,
});

describe("inInstallOrder() and inUninstallOrder()", () => {
  it("create what others need first, and kinds that nobody knows last, by name", () => {
    const kinds = ["Widget", "Ingress", "Deployment", "Apple", "ConfigMap", "Namespace", "PriorityClass"];

    expect(inInstallOrder(kinds, (kind) => kind)).toEqual([
      "PriorityClass",
      "Namespace",
      "ConfigMap",
      "Deployment",
      "Ingress",
      "Apple",
      "Widget",
    ]);
  });

  it("keep equals in the order they came in", () => {
    const two = [object("ConfigMap", "b"), object("ConfigMap", "a")];

    expect(inInstallOrder(two, ({ kind }) => kind)).toEqual(two);
  });

  it("delete Services before what they lead to", () => {
    const kinds = [
      "ConfigMap",
      "Deployment",
      "Service",
      "Ingress",
      "MutatingWebhookConfiguration",
      "IngressClass",
      "CronJob",
    ];

    expect(inUninstallOrder(kinds.map((kind) => object(kind))).map(({ kind }) => kind)).toEqual([
      "MutatingWebhookConfiguration",
      "Ingress",
      "IngressClass",
      "Service",
      "CronJob",
      "Deployment",
      "ConfigMap",
    ]);
  });
});

describe("renderRaw()", () => {
  const text = [
    "# only a comment",
    "---",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}",
    "---  ",
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {braces: "{{ .Values.not }}"}',
    "---",
    'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\n  annotations: {helm.sh/hook: "pre-install, Post-Install", helm.sh/hook-weight: "-3", helm.sh/hook-delete-policy: hook-failed}',
    "---",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {helm.sh/hook: some-day}}",
    "",
  ].join("\n");

  it("splits, sorts and sets hooks apart, as Helm does, leaving the text as it is", () => {
    const { manifest, hooks } = renderRaw({ chartName: "raw-p-c-m", files: [{ path: "m/m-0.yaml", text }] });

    expect(manifest).toBe(
      '---\n# Source: raw-p-c-m/m/m-0.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {braces: "{{ .Values.not }}"}\n\n' +
        "---\n# Source: raw-p-c-m/m/m-0.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n\n",
    );
    expect(hooks).toMatchObject([
      {
        name: "j",
        kind: "Job",
        path: "raw-p-c-m/m/m-0.yaml",
        events: ["pre-install", "post-install"],
        weight: -3,
        delete_policies: ["hook-failed"],
        last_run: { phase: "" },
      },
    ]);
  });

  it("takes the text of `rendered` and records that of `files`", () => {
    const chart = {
      chartName: "raw-p-c-m",
      files: [{ path: "m-0.yaml", text: 'kind: "as packed"\n' }],
      rendered: [{ path: "m-0.yaml", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n" }],
    };

    expect(renderRaw(chart).manifest).toContain("kind: ConfigMap");
    expect(rawChartJson(chart, { now: new Date(1795356372_500) })).toMatchObject({
      metadata: { name: "raw-p-c-m", version: "0.1.1795356372", apiVersion: "v2" },
      templates: [{ name: "m-0.yaml", data: Buffer.from('{{"kind: \\"as packed\\"\\n"}}').toString("base64") }],
    });
  });
});

describe("readManifest()", () => {
  it("reads YAML as Kubernetes does, takes lists apart and keeps the last of two", () => {
    const text = [
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, mode: 0777}",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nround: 1",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nround: 2",
    ].join("\n---\n");

    expect(readManifest(text, { file: "f" })).toEqual([
      { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, mode: 511 },
      { apiVersion: "v1", kind: "Pod", metadata: { name: "b" }, round: 2 },
    ]);
  });

  it("names every document that is no object", () => {
    const text = "just words\n---\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {}\n";

    expect(() => readManifest(text, { file: "web.yaml" })).toThrow(
      expect.objectContaining({
        code: "RELEASE_MANIFEST_INVALID",
        problems: [
          expect.objectContaining({ message: expect.stringContaining("document 1") }),
          expect.objectContaining({ message: expect.stringContaining("document 2") }),
          expect.objectContaining({ message: expect.stringContaining("no metadata.name") }),
        ],
      }),
    );
  });
});

describe("checkReleaseName()", () => {
  it.each(["web", "a", "zarf-38cb656c294a2cd28c87667cd0d372f7c04c113b", "a.b-c.d0"])("takes %s", (name) => {
    expect(() => checkReleaseName(name)).not.toThrow();
  });
  it.each(["", "Web", "-a", "a-", "a..b", "a_b", "a".repeat(54)])("refuses %s", (name) => {
    expect(() => checkReleaseName(name)).toThrow(expect.objectContaining({ code: "RELEASE_NAME_INVALID" }));
  });
});

describe("ownership", () => {
  const owner = { name: "web", namespace: "demo" };

  it("of an object is told by three marks", () => {
    const ours = withOwner(object("ConfigMap"), owner);

    expect(foreignBecause(ours, owner)).toBeUndefined();
    expect(foreignBecause(ours, { name: "web", namespace: "other" })).toBe("it belongs to the release demo/web");
    expect(foreignBecause(object("ConfigMap"), owner)).toBe("it belongs to no release");
    const argo = { ...object("ConfigMap"), metadata: { labels: { "app.kubernetes.io/managed-by": "argocd" } } };
    expect(foreignBecause(argo, owner)).toBe("it is managed by argocd");
  });

  it("replaces the marks of another release and keeps other labels", () => {
    const theirs = withOwner(
      { ...object("ConfigMap"), metadata: { name: "x", labels: { app: "x" } } },
      { name: "b", namespace: "c" },
    );

    expect(withOwner(theirs, owner).metadata).toEqual({
      name: "x",
      labels: { app: "x", "app.kubernetes.io/managed-by": "Helm" },
      annotations: { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "demo" },
    });
  });

  it("ends where an object asks to stay", () => {
    const policy = (value: string) => ({
      ...object("ConfigMap"),
      metadata: { annotations: { "helm.sh/resource-policy": value } },
    });

    expect([policy("keep"), policy(" Keep "), policy("delete"), object("ConfigMap")].map(asksToStay)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("afterTakeOver() and judgeAs()", () => {
  const entry = (manager: string, operation: string, fields: object, more: object = {}) => ({
    manager,
    operation,
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...more,
  });

  it("make what Helm has set ours, beside what others have", () => {
    const helm = entry("helm", "Apply", { "f:data": { "f:a": {} } });
    const older = entry("zarf", "Update", { "f:data": { "f:b": {} } });
    const ours = entry("zarf", "Apply", { "f:data": { "f:c": {} } });
    const status = entry("helm", "Update", { "f:status": {} }, { subresource: "status" });
    const someone = entry("someone", "Apply", { "f:data": { "f:d": {} } });

    expect(afterTakeOver([helm, older, ours, status, someone])).toEqual([
      status,
      someone,
      entry("zarf", "Apply", { "f:data": { "f:a": {}, "f:b": {}, "f:c": {} } }),
    ]);
    expect(afterTakeOver([ours, status, someone])).toBeUndefined();
    expect([[], [ours], [helm, someone], [helm, ours], [older]].map(judgeAs)).toEqual([
      "zarf",
      "zarf",
      "helm",
      undefined,
      undefined,
    ]);
  });
});

describe("heir()", () => {
  const served = [
    "v1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1/Ingress",
    "policy/v1/PodDisruptionBudget",
    "a.dev/v2beta1/X",
    "a.dev/v1/X",
  ];

  it.each([
    ["policy/v1beta1", "PodDisruptionBudget", "policy/v1"],
    ["extensions/v1beta1", "Ingress", "networking.k8s.io/v1"],
    ["a.dev/v1alpha1", "X", "a.dev/v1"],
    ["policy/v1beta1", "PodSecurityPolicy", undefined],
  ])("of %s %s is %s", (apiVersion, kind, expected) => {
    expect(heir({ ...object(kind), apiVersion }, served)).toBe(expected);
  });
});

describe("isSameRelease()", () => {
  const release = {
    manifest: "---\n# Source: a/tmp/zarf-1/x.yaml\nkind: A\n",
    hooks: [],
    chart: { metadata: { name: "web", version: "1" } },
    config: { a: 1, b: 2 },
  };

  it("looks past times, temporary names and the order of keys", () => {
    const other = {
      manifest: "---\n# Source: a/tmp/zarf-2/x.yaml\nkind: A\n\n",
      chart: { modtime: "2026", metadata: { version: "1", name: "web" } },
      config: { b: 2, a: 1 },
    };

    expect(isSameRelease(release, other)).toBe(true);
  });

  it.each([
    [{ manifest: "---\nkind: B\n" }],
    [{ hooks: [{ name: "h", kind: "Job", manifest: "x" }] }],
    [{ chart: { metadata: { name: "web", version: "2" } } }],
    [{ config: { a: 1 } }],
  ])("sees %j", (difference) => {
    expect(isSameRelease(release, { ...release, ...difference })).toBe(false);
  });

  it("sees no difference in the version of a raw chart, which is a time", () => {
    const raw = (version: string, folder: string) => ({
      chart: { metadata: { name: "raw-p-c-m", version }, templates: [{ name: `${folder}/m-0.yaml`, data: "eA==" }] },
    });

    expect(isSameRelease(raw("0.1.1", "/tmp/zarf-1/manifests"), raw("0.1.2", "manifests"))).toBe(true);
  });
});

describe("fieldDiff()", () => {
  it("names the smallest fields, items of lists by their key", () => {
    const pod = (image: string, extra: object) =>
      object("Pod", "p", {
        spec: {
          containers: [
            { name: "web", image },
            { name: "side", image: "s" },
          ],
          ...extra,
        },
        status: { phase: image },
      });

    expect(fieldDiff(pod("a:1", { gone: true }), pod("a:2", { tolerations: ["x"] }))).toEqual([
      { path: "spec.containers[name=web].image", from: '"a:1"', to: '"a:2"' },
      { path: "spec.gone", from: "true" },
      { path: "spec.tolerations", to: '["x"]' },
    ]);
  });

  it("never shows what a Secret holds, nor what its annotations may repeat", () => {
    const secret = (value: string): KubeObject => ({
      ...object("Secret", "s"),
      metadata: { name: "s", labels: { app: value }, annotations: { last: value } },
      data: { k: value },
    });
    const diff = fieldDiff(secret("b2xk"), secret("bmV3"));

    expect(diff.map(({ path }) => path)).toEqual(["data.k", "metadata.annotations.last", "metadata.labels.app"]);
    expect(JSON.stringify(diff.slice(0, 2))).not.toMatch(/b2xk|bmV3/);
  });

  it("is empty exactly for objects that ask for the same", () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 3 }), fc.object({ maxDepth: 3 }), (a, b) => {
        const [one, two] = [a, b].map(
          (spec) => JSON.parse(JSON.stringify(object("X", "x", { spec }))) as KubeObject,
        ) as [KubeObject, KubeObject];
        expect(fieldDiff(one, two).length === 0).toBe(isSameObject(one, two));
      }),
    );
  });
});

describe("mergeThreeWay()", () => {
  it("merges items of lists by their key, keeps others' and drops what we have stopped setting", () => {
    const before = {
      containers: [{ name: "web", image: "a:1", env: [{ name: "OLD", value: "1" }] }, { name: "ours-gone" }],
      finalizers: ["ours/x"],
    };
    const after = { containers: [{ name: "web", image: "a:2" }], finalizers: ["ours/y"] };
    const live = {
      containers: [
        { name: "web", image: "a:1", env: [{ name: "OLD", value: "1" }], terminationMessagePath: "/dev" },
        { name: "ours-gone" },
        { name: "injected" },
      ],
      finalizers: ["ours/x", "theirs/z"],
    };

    expect(mergeThreeWay(before, after, live)).toEqual({
      containers: [{ name: "web", image: "a:2", terminationMessagePath: "/dev" }, { name: "injected" }],
      finalizers: ["theirs/z", "ours/y"],
    });
  });

  it("takes names that every JavaScript object has for names like any other", () => {
    const before = JSON.parse('{"toString":"1","constructor":"1","__proto__":"1"}') as Record<string, unknown>;
    const after = JSON.parse('{"__proto__":"2","valueOf":"2"}') as Record<string, unknown>;

    expect(JSON.stringify(mergeThreeWay(before, after, before))).toBe('{"__proto__":"2","valueOf":"2"}');
    expect(JSON.stringify(mergePatch(before, after))).toBe(
      '{"toString":null,"constructor":null,"__proto__":"2","valueOf":"2"}',
    );
    const [from, to] = [before, after].map((data) => object("ConfigMap", "c", { data })) as [KubeObject, KubeObject];
    expect(fieldDiff(from, to).map(({ path }) => path)).toEqual([
      "data.__proto__",
      "data.constructor",
      "data.toString",
      "data.valueOf",
    ]);
  });

  it("takes a list without a key as one value", () => {
    expect(mergeThreeWay({ args: ["a"] }, { args: ["b"] }, { args: ["a", "x"] })).toEqual({ args: ["b"] });
  });

  const json = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(fc.integer(), fc.string(), fc.dictionary(fc.constantFrom("x", "y"), fc.integer())),
  );

  it("gives what we want where nobody else has written", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(mergeThreeWay(before, after, before)).toEqual({ ...after });
      }),
    );
  });

  it("agrees with a merge patch there", () => {
    const apply = (target: unknown, patch: unknown): unknown => {
      if (typeof patch !== "object" || patch === null) return patch;
      const result: Record<string, unknown> = { ...(typeof target === "object" ? (target as object) : {}) };
      for (const [key, value] of Object.entries(patch))
        if (value === null) delete result[key];
        else result[key] = apply(result[key], value);
      return result;
    };

    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(apply(before, mergePatch(before, after))).toEqual({ ...after });
      }),
    );
  });
});
