export { deployRelease } from "./deploy-release.ts";
export { checkReleaseName, readRelease, releaseHistory } from "./history.ts";
export { planRelease } from "./plan-release.ts";
export type { RawChart, RawFile } from "./raw-chart.ts";
export type { ReleaseInfo, ReleaseRecord } from "./release-record.ts";
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
export { uninstallRelease } from "./uninstall-release.ts";
