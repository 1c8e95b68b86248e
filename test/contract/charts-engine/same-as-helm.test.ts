import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { chartTables } from "../../support/charts/index.ts";
import { readFolder, realHelm, writeCase } from "../../support/charts/real-helm.ts";
import { bySkerry, requestOf } from "../../support/charts/render-case.ts";

const engine = createChartEngine();
let helm: Awaited<ReturnType<typeof realHelm>>;

beforeAll(async () => {
  helm = await realHelm();
  await mkdir(join(helm.folder, "plugins", "same"), { recursive: true });
  await writeFile(
    join(helm.folder, "plugins", "same", "plugin.yaml"),
    "name: same\nversion: 1.0.0\ntype: postrenderer/v1\napiVersion: v1\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n  - command: cat\n",
  );
});
afterAll(async () => {
  await engine.close();
  await helm[Symbol.asyncDispose]();
});

describe.each(Object.entries(chartTables))("%s: render() as helm template", (_table, charts) => {
  it.each(charts.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const { valuesFiles, templateArguments } = await writeCase(helm.folder, one);
    const theirs = await helm.run(templateArguments);
    const ours = await bySkerry(engine, requestOf(one, valuesFiles));

    expect(theirs.error === "", theirs.error).toBe(one.fails !== true);
    const order = (text: string): string => (one.isUnordered === true ? text.split("\n").sort().join("\n") : text);
    expect({ ...ours, error: order(ours.error) }).toEqual({ ...theirs, error: order(theirs.error) });
  });
});

const rendering = Object.values(chartTables)
  .flat()
  .filter((one) => one.fails !== true);

describe("render() with a post-renderer as helm template --post-renderer", () => {
  it.each(rendering.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const { valuesFiles, templateArguments } = await writeCase(helm.folder, one);
    const env = { HELM_PLUGINS: join(helm.folder, "plugins") };
    const theirs = await helm.run([...templateArguments, "--post-renderer", "same"], { env });
    const postRender = async (merged: string): Promise<string> => merged;
    const ours = await bySkerry(engine, { ...requestOf(one, valuesFiles), postRender });

    // An empty stream is an error of the plugin, not of the chart.
    if (theirs.error.includes("produced empty output")) expect(ours.stdout.trim()).toBe("");
    else expect(ours).toEqual(theirs);
  });
});

describe("render() of what helm create makes", () => {
  it.each([
    ["as it is", []],
    ["with everything on", ["ingress.enabled=true", "autoscaling.enabled=true", "httpRoute.enabled=true"]],
  ])("%s", async (_name, sets) => {
    const folder = join(helm.folder, "created");
    await helm.run(["create", folder]);
    const chart = { files: await readFolder(folder) };
    const values = Object.fromEntries(sets.map((set) => [set.split(".")[0], { enabled: true }]));
    const theirs = await helm.run(["template", "web", folder, ...sets.flatMap((set) => ["--set", set])]);
    const ours = await bySkerry(engine, {
      ...requestOf({ name: "", files: {}, namespace: "default" }, [], chart),
      values,
    });

    expect(theirs.error).toBe("");
    expect(ours).toEqual(theirs);
  });
});
