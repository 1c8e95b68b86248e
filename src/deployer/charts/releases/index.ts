export type { RawChart, RawFile } from "./raw-chart.ts";
export type {
  ChartToRender,
  FieldChange,
  HookEvent,
  HookPhase,
  ObjectChange,
  ObjectOutcome,
  PlannedChange,
  ReleaseEvent,
  ReleaseOutcome,
  ReleasePlan,
  ReleaseRequest,
  ReleaseStatus,
  UninstallOutcome,
  UninstallRequest,
} from "./types.ts";
