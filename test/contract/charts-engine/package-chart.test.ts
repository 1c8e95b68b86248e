import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { type ChartCase, chartYaml, configMap, filesOf } from "../../support/charts/chart-case.ts";
import { readFolder, realHelm, writeCase } from "../../support/charts/real-helm.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
let helm: Awaited<ReturnType<typeof realHelm>>;

beforeAll(async () => {
  helm = await realHelm();
});
afterAll(async () => {
  await engine.close();
  await helm[Symbol.asyncDispose]();
});

const charts: readonly ChartCase[] = [
  {
    name: "templates, values, schema and files",
    files: {
      "templates/b.yaml": configMap("b"),
      "templates/a.yaml": configMap("a"),
      "values.yaml": "a: 1 # kept\n",
      "values.schema.json": "{}",
      "README.md": "text\n",
      "files/bin": Uint8Array.of(0, 255, 1),
      "crds/c.yaml": "kind: C\n",
      LICENSE: "none\n",
    },
  },
  {
    name: "one subchart, from a folder",
    files: {
      "Chart.yaml": chartYaml("web", "dependencies:\n- {name: db, version: 1.2.3, repository: 'file://../db'}\n"),
      "Chart.lock":
        "dependencies:\n- name: db\n  repository: file://../db\n  version: 1.2.3\ndigest: sha256:0000\ngenerated: '2020-01-01T00:00:00Z'\n",
      "charts/db/Chart.yaml": chartYaml("db"),
      "charts/db/templates/a.yaml": configMap("db"),
      "charts/db/values.yaml": "x: 1\n",
    },
  },
  {
    name: "what .helmignore names stays out",
    files: {
      ".helmignore": "*.md\n/tests/\n",
      "README.md": "no",
      "tests/x": "no",
      "docs/b.md": "no",
      "kept.txt": "yes",
      "templates/a.yaml": configMap("a"),
    },
  },
  {
    name: "a v1 chart with requirements",
    files: {
      "Chart.yaml": "apiVersion: v1\nname: web\nversion: 0.1.0\n",
      "requirements.yaml": "dependencies:\n- {name: db, version: 1.2.3}\n",
      "charts/db/Chart.yaml": chartYaml("db"),
    },
  },
  {
    name: "all of Chart.yaml, in helm's order",
    files: {
      "Chart.yaml":
        "version: 1.0.0\nname: web\napiVersion: v2\nkeywords: [b, a]\nannotations: {z: '1', a: '2'}\nmaintainers: [{email: a@b, name: c}]\ntype: application\nunknown: dropped\n",
    },
  },
];

describe("packageChart()", () => {
  it.each(charts.map((one) => [one.name, one] as const))("packs as helm package: %s", async (_name, one) => {
    const { chart } = await writeCase(helm.folder, one);
    const { stdout, error } = await helm.run(["package", chart, "-d", join(chart, "..")], {
      env: { SOURCE_DATE_EPOCH: "0" },
    });
    expect(error).toBe("");
    const theirs = await readFile(stdout.trim().replace(/^.*: /, ""));

    const ours = await engine.packageChart({ files: filesOf(one) }, { signal });

    expect(Buffer.from(ours).equals(theirs)).toBe(true);
  });

  it("packs a subchart that is packed itself, and gives the same bytes each time and in whatever order", async () => {
    const db = await engine.packageChart(
      { files: filesOf({ name: "", files: { "Chart.yaml": chartYaml("db"), "templates/a.yaml": configMap("x") } }) },
      { signal },
    );
    const cache = await engine.packageChart(
      { files: filesOf({ name: "", files: { "Chart.yaml": chartYaml("cache") } }) },
      { signal },
    );
    const files = new Map([
      ...filesOf({ name: "", files: { "templates/a.yaml": configMap("x") } }),
      ["charts/db-1.2.3.tgz", db] as const,
      ["charts/cache-1.2.3.tgz", cache] as const,
    ]);
    const first = await engine.packageChart({ files }, { signal });

    expect(
      Buffer.from(await engine.packageChart({ files: new Map([...files].reverse()) }, { signal })).equals(
        Buffer.from(first),
      ),
    ).toBe(true);
    const other = createChartEngine();
    expect(Buffer.from(await other.packageChart({ files }, { signal })).equals(Buffer.from(first))).toBe(true);
    await other.close();
    expect((await engine.inspectChart(first, { signal })).subcharts).toEqual(["cache", "db"]);
  });

  it("sets versions, and packs what it inspects", async () => {
    const packed = await engine.packageChart(
      { files: filesOf({ name: "", files: {} }), version: "9.9.9", appVersion: "new" },
      { signal },
    );

    expect(await engine.inspectChart(packed, { signal })).toMatchObject({
      name: "web",
      version: "9.9.9",
      appVersion: "new",
    });
    await expect(
      engine.packageChart({ files: filesOf({ name: "", files: {} }), version: "none" }, { signal }),
    ).rejects.toMatchObject({ code: "CHART_INVALID" });
  });

  it("refuses a chart whose dependency is not inside", async () => {
    const files = filesOf({
      name: "",
      files: { "Chart.yaml": chartYaml("web", "dependencies:\n- {name: gone, version: 1.x}\n") },
    });

    await expect(engine.packageChart({ files }, { signal })).rejects.toMatchObject({
      code: "CHART_INVALID",
      message: expect.stringContaining("gone"),
    });
  });

  it("packs what helm create makes so that helm lints it", async () => {
    const folder = join(helm.folder, "made");
    await helm.run(["create", folder]);
    const packed = await engine.packageChart({ files: await readFolder(folder) }, { signal });
    const { stdout } = await helm.run(["package", folder, "-d", helm.folder], { env: { SOURCE_DATE_EPOCH: "0" } });

    expect(Buffer.from(packed).equals(await readFile(stdout.trim().replace(/^.*: /, "")))).toBe(true);
  });
});

describe("inspectChart()", () => {
  it("says what a chart says of itself", async () => {
    const files = filesOf({
      name: "",
      files: {
        "Chart.yaml": chartYaml(
          "web",
          "dependencies:\n- {name: db, version: 1.x, repository: 'oci://r/c', condition: db.on, tags: [a], alias: store}\nannotations: {k: v}\nkubeVersion: '>=1.2'\n",
        ),
        "charts/db/Chart.yaml": chartYaml("db"),
        "values.yaml": "a: 1 # why\n",
        "values.schema.json": "{}",
      },
    });

    expect(await engine.inspectChart({ files }, { signal })).toEqual({
      apiVersion: "v2",
      name: "web",
      version: "1.2.3",
      appVersion: "4.5",
      type: "application",
      kubeVersion: ">=1.2",
      deprecated: false,
      annotations: { k: "v" },
      subcharts: ["db"],
      valuesYaml: "a: 1 # why\n",
      hasSchema: true,
      dependencies: [
        { name: "db", version: "1.x", repository: "oci://r/c", condition: "db.on", tags: ["a"], alias: "store" },
      ],
    });
  });
});
