export type {
  ChartCrd,
  ChartDependency,
  ChartEngine,
  ChartInfo,
  ChartSource,
  EngineCall,
  GoTemplateRequest,
  LookupQuery,
  PackageChartRequest,
  ReleaseHook,
  RenderCapabilities,
  RenderedChart,
  RenderLimits,
  RenderRelease,
  RenderRequest,
  ValuesFile,
} from "./chart-engine.ts";
export { type ChartEngineOptions, createChartEngine } from "./create-chart-engine.ts";
export type { JsonObject } from "./json-object.ts";
