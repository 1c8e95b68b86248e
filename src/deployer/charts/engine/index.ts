export type {
  ChartCrd,
  ChartDependency,
  ChartEngine,
  ChartInfo,
  ChartSource,
  EngineCall,
  GoTemplateRequest,
  KindOrder,
  LookupQuery,
  PackageChartRequest,
  ReleaseHook,
  RenderCapabilities,
  RenderedChart,
  RenderRelease,
  RenderRequest,
  SortedObject,
} from "./chart-engine.ts";
export type { JsonObject } from "./json-object.ts";
