import { describe, expect, it } from "vitest";
import { postRender } from "../../../../src/deployer/manifests/post-render.ts";
import { rawChartName, rawRelease } from "../../../../src/deployer/manifests/raw-release.ts";
import { releaseName } from "../../../../src/deployer/manifests/release-name.ts";
import { parseYamlDocuments } from "../../../../src/lib/yaml/index.ts";

const owner = { packageName: "demo", namespaceOverride: "", ignoredByAgent: false };
const render = (text: string, more: Partial<typeof owner> = {}) =>
  postRender(text, { ...owner, ...more }, { file: "test" });
const objects = (text: string) =>
  parseYamlDocuments(text, { version: "1.1" }) as { metadata: { labels?: object; name: string }; spec?: never }[];

describe("postRender()", () => {
  it("labels objects, and the Pods of templates that have labels of their own", () => {
    const { text } = render(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec: {template: {metadata: {labels: {app: web}}, spec: {}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {template: {spec: {}}}
`);

    expect(objects(text)).toEqual([
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", labels: { app: "web", "zarf.dev/package": "demo" } },
        spec: { template: { metadata: { labels: { app: "web", "zarf.dev/package": "demo" } }, spec: {} } },
      },
      {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "job", labels: { "zarf.dev/package": "demo" } },
        spec: { template: { spec: {} } },
      },
    ]);
  });

  it("takes Namespaces out, lists apart, and leaves hooks as they are", () => {
    const { text, namespaces, mentioned } = render(`
apiVersion: v1
kind: Namespace
metadata: {name: own, labels: {a: b}}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: else}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: hook, namespace: third, annotations: {helm.sh/hook: pre-install}}
`);

    expect(namespaces).toMatchObject([{ metadata: { name: "own", labels: { a: "b", "zarf.dev/package": "demo" } } }]);
    expect(mentioned).toEqual(["else"]);
    expect(objects(text).map(({ metadata }) => [metadata.name, metadata.labels])).toEqual([
      ["one", { "zarf.dev/package": "demo" }],
      ["two", { "zarf.dev/package": "demo" }],
      ["hook", undefined],
    ]);
  });

  it("says to the agent to leave alone what it would change, where it looks for that", () => {
    const kinds = [
      "{apiVersion: v1, kind: Pod, metadata: {name: pod}}",
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: set}, spec: {template: {metadata: {labels: {a: b}}}}}",
      "{apiVersion: batch/v1, kind: CronJob, metadata: {name: cron}, spec: {jobTemplate: {spec: {template: {}}}}}",
      "{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, metadata: {name: flux}}",
      "{apiVersion: v1, kind: Secret, metadata: {name: argo, labels: {argocd.argoproj.io/secret-type: repository}}}",
      "{apiVersion: v1, kind: Secret, metadata: {name: plain}}",
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}",
    ];

    const { text } = render(kinds.join("\n---\n"), { ignoredByAgent: true });

    const marked = text.split("---\n").map((each) => each.includes("zarf.dev/agent: ignore"));
    expect(marked).toEqual([true, true, true, true, true, false, false]);
    expect(objects(text)[1]).toMatchObject({
      metadata: { labels: { "zarf.dev/package": "demo" } },
      spec: { template: { metadata: { labels: { "zarf.dev/agent": "ignore" } } } },
    });
    expect(objects(text)[1]?.metadata.labels).not.toHaveProperty(["zarf.dev/agent"]);
  });

  it("marks what was moved into another namespace", () => {
    const { text } = render("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", { namespaceOverride: "other" });

    expect(objects(text)[0]?.metadata.labels).toEqual({
      "zarf.dev/package": "demo",
      "zarf.dev/namespace-override": "other",
    });
  });

  it("collects the Services that can be connected to", () => {
    const { connectStrings } = render(`
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {zarf.dev/connect-name: web}
  annotations: {zarf.dev/connect-description: The web, zarf.dev/connect-url: /index}
`);

    expect(connectStrings).toEqual({ web: { description: "The web", url: "/index" } });
  });

  it("keeps whole numbers that JavaScript would round", () => {
    expect(render("{apiVersion: v1, kind: X, metadata: {name: x}, count: 12345678901234567890}").text).toContain(
      "count: 12345678901234567890",
    );
  });

  it("gives the same when it is done twice", () => {
    const once = render(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {metadata: {labels: {a: b}}}}}",
    );

    expect(render(once.text).text).toBe(once.text);
  });

  it("refuses what is no YAML", () => {
    expect(() => render("a: [")).toThrow(expect.objectContaining({ code: "DOCUMENT_INVALID" }));
  });
});

describe("rawRelease()", () => {
  it("is named as Zarf names it", () => {
    expect(rawChartName("upgrade", "keep", "a")).toBe("raw-upgrade-keep-a");
    // Recorded from Zarf v0.84.0.
    expect(releaseName("upgrade", "keep", "a")).toBe("zarf-b95c72b7b37d535376317dca1b1a165fb5a64f92");
  });

  it("records the files as they were, and applies them with marks", () => {
    const text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n";

    const { chart } = rawRelease({
      owner,
      component: "keep",
      manifest: "a",
      files: [{ path: "manifests/a-0.yaml", text }],
    });

    expect(chart.files).toEqual([{ path: "manifests/a-0.yaml", text }]);
    expect(chart.rendered?.[0]?.text).toContain("zarf.dev/package: demo");
  });
});
