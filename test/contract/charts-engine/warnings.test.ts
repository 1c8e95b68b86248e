import { afterAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { type ChartCase, chartYaml, configMap } from "../../support/charts/chart-case.ts";
import { requestOf } from "../../support/charts/render-case.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
afterAll(() => engine.close());

const chart: ChartCase = {
  name: "",
  files: {
    "Chart.yaml": chartYaml("web", "deprecated: true\n"),
    "values.yaml": "table: {a: hunter22}\n",
    "templates/a.yaml": configMap("x"),
  },
};

describe("warnings", () => {
  it("are what helm says beside the objects, each time anew", async () => {
    const request = { ...requestOf(chart), values: { table: { a: { b: 1 } } } };
    const { warnings } = await engine.render(request, { signal });

    expect(warnings).toContain("this chart is deprecated");
    expect(warnings).toContain("warning: destination for web.table.a is a table. Ignoring non-table value (hunter22)");
    expect((await engine.render(request, { signal })).warnings).toEqual(warnings);
  });

  it("do not show sensitive texts", async () => {
    const request = { ...requestOf(chart), values: { table: { a: { b: 1 } } }, sensitive: ["hunter22"] };

    const { warnings } = await engine.render(request, { signal });

    expect(warnings).toContain(
      "warning: destination for web.table.a is a table. Ignoring non-table value ([sensitive])",
    );
  });

  it("are none where there is nothing to say", async () => {
    const quiet = { ...chart, files: { ...chart.files, "Chart.yaml": chartYaml() } };

    expect((await engine.render(requestOf(quiet), { signal })).warnings).toEqual([]);
  });
});
