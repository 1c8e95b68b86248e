import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureParts } from "../../parts/index.ts";
import { type ChartEngine, createChartEngine } from "../../src/deployer/charts/engine/index.ts";
import { readRelease } from "../../src/deployer/charts/releases/index.ts";
import { type Cluster, connectCluster, records } from "../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../support/apiserver.ts";
import { configMap, dataOf, releaseDesk, signal } from "../support/release-desk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let api: TestApiServer;
let cluster: Cluster;
let binary: string;
let count = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  binary = (await ensureParts({ only: ["helm"], signal })).helm;
  api = await startApiServer();
  cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
  await writeFile(path.join(folder.path, "kubeconfig"), api.kubeconfigYaml, { mode: 0o600 });
  await mkdir(path.join(folder.path, "chart", "templates"), { recursive: true });
  await writeFile(path.join(folder.path, "chart", "Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n");
  await writeFile(path.join(folder.path, "chart", "values.yaml"), "v: one\nextra: true\n");
  await writeFile(
    path.join(folder.path, "chart", "templates", "all.yaml"),
    [
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: {name: a}",
      "data:",
      "  v: {{ .Values.v | quote }}",
      "{{- if .Values.extra }}",
      "  extra: yes-please",
      "---",
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: {name: b}",
      "{{- end }}",
      "",
    ].join("\n"),
  );
}, 300_000);
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
  await folder?.[Symbol.asyncDispose]();
});

async function namespace(): Promise<string> {
  const name = `helm-${++count}`;
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
  return name;
}

const helm = async (ns: string, ...args: readonly string[]): Promise<string> =>
  (
    await execa(binary, [...args, "--namespace", ns], {
      env: { KUBECONFIG: path.join(folder.path, "kubeconfig"), HOME: folder.path, HELM_CACHE_HOME: folder.path },
      extendEnv: false,
    })
  ).stdout;

const chart = () => path.join(folder.path, "chart");

describe("helm, with releases that we deployed", () => {
  it("lists them, tells their history and everything about them", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1" })]);
    await desk.deploy([configMap("a", { v: "2" })]);

    const list = JSON.parse(await helm(ns, "list", "--output", "json")) as unknown;
    const history = JSON.parse(await helm(ns, "history", "web", "--output", "json")) as unknown;
    const all = await helm(ns, "get", "all", "web");
    const status = JSON.parse(await helm(ns, "status", "web", "--output", "json")) as unknown;

    expect(list).toMatchObject([{ name: "web", namespace: ns, revision: "2", status: "deployed" }]);
    expect(history).toMatchObject([
      { revision: 1, status: "superseded", description: "Install complete" },
      { revision: 2, status: "deployed", description: "Upgrade complete" },
    ]);
    expect(all).toContain("# Source: raw-test-one-m/manifests/m-0.yaml\napiVersion: v1\nkind: ConfigMap");
    expect(status).toMatchObject({ version: 2, apply_method: "ssa" });
  });

  it("rolls them back, and we go on from there", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1", dropped: "x" })]);
    await desk.deploy([configMap("a", { v: "2" })]);

    // Fields of ours are zarf's: Helm takes them over as it would Zarf's own.
    await helm(ns, "rollback", "web", "1", "--force-conflicts");
    const rolledBack = dataOf(await desk.find("v1", "ConfigMap", "a"));
    const plan = await desk.plan([configMap("a", { v: "3" })]);
    const done = await desk.deploy([configMap("a", { v: "3" })]);

    expect(rolledBack).toEqual({ v: "1", dropped: "x" });
    expect(plan.objects).toMatchObject([{ outcome: "configured" }]);
    expect(plan.objects[0]?.refused).toBeUndefined();
    expect(done).toMatchObject({ outcome: "upgraded", revision: 4 });
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "3" });
    expect(await desk.history()).toEqual(["1 superseded", "2 superseded", "3 superseded", "4 deployed"]);
  });

  it("uninstalls them", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a"), configMap("b")]);

    await helm(ns, "uninstall", "web");

    expect(await desk.history()).toEqual([]);
    expect(await desk.find("v1", "ConfigMap", "a")).toBeUndefined();
  });
});

describe("records", () => {
  it("are those that helm writes, of the same chart with hooks, notes and values", async () => {
    const [theirs, ours] = [await namespace(), await namespace()];
    const files = await chartWithHooks(path.join(folder.path, "hooked"));
    await helm(theirs, "install", "web", path.join(folder.path, "hooked"), "--set", "deep.v=7");
    await helm(theirs, "upgrade", "web", path.join(folder.path, "hooked"), "--set", "deep.v=8", "--force-conflicts");
    await using engine = closing(createChartEngine());
    const desk = releaseDesk(cluster, ours);
    for (const v of [7, 8]) await desk.deploy({ chart: { files }, values: { deep: { v } } }, { engine });

    for (const revision of [1, 2]) {
      const [expected, written] = await Promise.all([theirs, ours].map((ns) => recordOf(ns, revision)));
      expect(written).toEqual(expected);
    }
  });
});

const closing = (engine: ChartEngine): ChartEngine & AsyncDisposable => ({
  ...engine,
  [Symbol.asyncDispose]: engine.close,
});

/** All that a record says, Secret and contents, without the times and the namespace. */
async function recordOf(namespace: string, revision: number): Promise<unknown> {
  const name = `sh.helm.release.v1.web.v${revision}`;
  const secret = await cluster.get({ apiVersion: "v1", kind: "Secret", namespace, name }, { signal });
  const release = await readRelease({ cluster, name: "web", namespace, revision, signal });
  const text = JSON.stringify({
    release,
    type: secret["type"],
    labels: secret.metadata.labels,
    managers: records(secret.metadata["managedFields"]).map(({ manager, operation }) => [manager, operation]),
  });
  return JSON.parse(
    text
      .replaceAll(namespace, "NAMESPACE")
      // A folder has times, a list of files none.
      .replaceAll(/"modtime":"[^"]*",?/g, "")
      .replaceAll(",}", "}")
      .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"TIME"')
      .replaceAll(/"(modifiedAt|createdAt)":"\d+"/g, '"$1":"SECONDS"'),
  );
}

async function chartWithHooks(at: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const hook = (event: string, weight: string, more = "") =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${event}\n  annotations:\n    helm.sh/hook: ${event}\n    helm.sh/hook-weight: "${weight}"\n${more}`;
  const texts = {
    "Chart.yaml": 'apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: "3"\n',
    "values.yaml": "deep:\n  v: 1\n  long: 12345678901234567890\n",
    "README.md": "about\n",
    "templates/NOTES.txt": "Release {{ .Release.Name }}, revision {{ .Release.Revision }}\n",
    "templates/a.yaml":
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: {{ .Values.deep.v | quote }}}\n",
    "templates/hooks.yaml": [
      hook("pre-install", "3", "    helm.sh/hook-delete-policy: hook-succeeded,before-hook-creation\n"),
      hook("post-upgrade", "-1"),
    ].join("---\n"),
  };
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(path.dirname(path.join(at, name)), { recursive: true });
    await writeFile(path.join(at, name), text);
  }
  return new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
}

describe("releases that helm installed", () => {
  it("upgrade without a conflict, what the chart drops goes, and helm sees it", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await helm(ns, "install", "web", chart());

    const plan = await desk.plan([configMap("a", { v: "two" })]);
    const done = await desk.deploy([configMap("a", { v: "two" })]);

    expect(plan.objects).toEqual([
      {
        object: `ConfigMap/${ns}/a`,
        outcome: "configured",
        fields: [
          { path: "data.extra", from: '"yes-please"' },
          { path: "data.v", from: '"one"', to: '"two"' },
        ],
      },
      { object: `ConfigMap/${ns}/b`, outcome: "pruned", fields: [] },
    ]);
    expect(done).toMatchObject({ outcome: "upgraded", revision: 2 });
    const live = await desk.find("v1", "ConfigMap", "a");
    expect(dataOf(live)).toEqual({ v: "two" });
    expect(records(live?.metadata["managedFields"]).map(({ manager }) => manager)).toEqual(["zarf"]);
    expect(await desk.find("v1", "ConfigMap", "b")).toBeUndefined();
    expect(JSON.parse(await helm(ns, "history", "web", "--output", "json"))).toMatchObject([
      { revision: 1, status: "superseded" },
      { revision: 2, status: "deployed" },
    ]);
  });

  it("upgrade also where helm applied as a client", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await helm(ns, "install", "web", chart(), "--server-side=false");

    const done = await desk.deploy([configMap("a", { v: "two" })], { serverSideApply: "true" });

    expect(done.outcome).toBe("upgraded");
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "two" });
    expect((await readRelease({ cluster, name: "web", namespace: ns, signal }))?.apply_method).toBe("ssa");
  });

  it("go away with their objects", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await helm(ns, "install", "web", chart());

    const gone = await desk.uninstall();

    expect(gone.objects.map(({ object }) => object).toSorted()).toEqual([`ConfigMap/${ns}/a`, `ConfigMap/${ns}/b`]);
    expect(await helm(ns, "list", "--output", "json")).toBe("[]");
  });
});
