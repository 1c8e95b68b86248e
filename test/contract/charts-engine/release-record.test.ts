import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { type ChartCase, filesOf } from "../../support/charts/chart-case.ts";
import { chartTables } from "../../support/charts/index.ts";
import { realHelm, writeCase } from "../../support/charts/real-helm.ts";
import { requestOf } from "../../support/charts/render-case.ts";

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

const find = (name: string): ChartCase => {
  const one = Object.values(chartTables)
    .flat()
    .find((chart) => chart.name === name);
  if (one === undefined) throw new Error(`no chart is called ${name}`);
  return one;
};

describe("render() gives what helm install writes into a release", () => {
  it.each([
    "two values files, the later wins",
    "null removes a default, also below",
    "numbers, booleans and dates of YAML 1.1",
    "no values at all",
    "a schema that is kept",
    "tags, and a condition that outranks them",
    "one subchart under two aliases",
    "values imported from a subchart, by name and by path",
    "requirements.yaml of a v1 chart",
    "hooks of every kind with weights and policies",
    "hooks of several events, odd weights and unknown events",
    "Files: Get, Lines, Glob, AsConfig, AsSecrets, bytes that are no text",
    "all of Chart.yaml",
    "nothing but notes",
    "notes of chart and subchart",
    "unicode in names, values and functions",
  ])("%s", async (name) => {
    const one = find(name);
    const { valuesFiles } = await writeCase(helm.folder, one);
    const packed = await engine.packageChart({ files: filesOf(one) }, { signal });
    const file = join(helm.folder, "packed.tgz");
    await writeFile(file, packed);

    const { stdout } = await helm.run([
      ...["install", "web", file, "--dry-run=client", "-o", "json", "--namespace", "shop"],
      ...valuesFiles.flatMap((values) => ["-f", values.name]),
    ]);
    const rendered = await engine.render(requestOf(one, valuesFiles, packed), { signal });

    const info = /"notes":("(?:[^"\\]|\\.)*")/.exec(stdout)?.[1] ?? '""';
    expect(rendered.notes).toBe(JSON.parse(info));
    // Helm leaves out what is empty.
    const parts = [
      `"chart":${rendered.chartJson}`,
      ...(rendered.configJson === "{}" ? [] : [`"config":${rendered.configJson}`]),
      ...(rendered.manifest === "" ? [] : [`"manifest":${goJson(rendered.manifest)}`]),
      ...(rendered.hooks.length === 0 ? [] : [`"hooks":${goJson(rendered.hooks)}`]),
      '"version":1,"namespace":"shop"',
    ];
    expect(stdout).toContain(`},${parts.join(",")}`);
  });
});

/** JSON as Go writes it, which is careful about HTML. */
function goJson(value: unknown): string {
  const asCode = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, asCode);
}
