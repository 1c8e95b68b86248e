import type { ChartCase } from "./chart-case.ts";
import { failingCharts } from "./failing-charts.ts";
import { objectCharts } from "./object-charts.ts";
import { subcharts } from "./subcharts.ts";
import { templateCharts } from "./template-charts.ts";
import { valuesCharts } from "./values-charts.ts";

/** Charts of all shapes, by what they are about. */
export const chartTables: Readonly<Record<string, readonly ChartCase[]>> = {
  values: valuesCharts,
  subcharts,
  templates: templateCharts,
  objects: objectCharts,
  failures: failingCharts,
};
