import type { Cluster } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { ChartEngine, RenderRequest } from "../engine/index.ts";
import type { RawChart } from "./raw-chart.ts";

/** What a chart is rendered from; release, capabilities and `lookup` are filled in from the cluster. */
export type ChartToRender = Omit<RenderRequest, "release" | "capabilities" | "lookup">;

export interface ReleaseRequest {
  readonly cluster: Cluster;
  /** Not asked for a RawChart. */
  readonly engine: ChartEngine;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** At most 53 characters of a-z, 0-9, "-" and ".". */
  readonly name: string;
  /** Of the release's record and of objects that name none; it must exist. */
  readonly namespace: string;
  readonly render: ChartToRender | RawChart;
  /** "auto": as the release was applied before, by the server when it is new. */
  readonly serverSideApply: "true" | "false" | "auto";
  /** Wait for hooks only. */
  readonly noWait: boolean;
  /** For hooks and waiting together; a rollback after a failure has as much again. */
  readonly timeoutMs: number;
  /** Revisions that are kept, the new one included; Zarf keeps 10. 0: all. */
  readonly maxHistory: number;
  /** Adopt objects that belong to nobody or to another release. */
  readonly takeOwnership: boolean;
  /** Take over fields that other managers have set. */
  readonly forceConflicts: boolean;
  /** Awaited once before the first write to the cluster, never where nothing changes: the package's lease is taken here. */
  readonly beforeWrite?: () => Promise<void>;
  readonly onProgress?: (event: ReleaseEvent) => void;
}

/** What a deployment tells on its way. Objects are named `Kind/namespace/name`. */
export type ReleaseEvent =
  | { readonly type: "object"; readonly object: string; readonly outcome: ObjectOutcome }
  /** Told again whenever the reason changes. */
  | { readonly type: "waiting"; readonly object: string; readonly reason: string }
  | { readonly type: "ready"; readonly object: string }
  | { readonly type: "hook"; readonly object: string; readonly event: HookEvent; readonly phase: HookPhase }
  /** An earlier run died in the middle: its revision is marked failed and this run goes on from there. */
  | { readonly type: "healed"; readonly revision: number; readonly was: ReleaseStatus }
  | { readonly type: "rollingBack"; readonly toRevision: number; readonly because: string }
  /** The API server cannot be reached at the moment; the step is tried again. */
  | { readonly type: "retrying"; readonly what: string; readonly reason: string };

/** `kept`: it is no longer part of the release but asks to stay (`helm.sh/resource-policy: keep`), or belongs to others. */
export type ObjectOutcome = "created" | "configured" | "unchanged" | "pruned" | "kept";
export type HookPhase = "running" | "succeeded" | "failed";
export type HookEvent =
  | "pre-install"
  | "post-install"
  | "pre-upgrade"
  | "post-upgrade"
  | "pre-rollback"
  | "post-rollback"
  | "pre-delete"
  | "post-delete"
  | "test";

/** Helm's words for the state of a revision. */
export type ReleaseStatus =
  | "unknown"
  | "deployed"
  | "uninstalled"
  | "superseded"
  | "failed"
  | "uninstalling"
  | "pending-install"
  | "pending-upgrade"
  | "pending-rollback";

export interface ReleaseOutcome {
  /** `unchanged`: nothing at all was written. */
  readonly outcome: "installed" | "upgraded" | "unchanged";
  readonly revision: number;
  /** Of an unchanged release: every object once, "unchanged". */
  readonly objects: readonly ObjectChange[];
  /** Text of NOTES.txt; empty when there is none. */
  readonly notes: string;
  /** As recorded; with Helm's `# Source:` comments. */
  readonly manifest: string;
  /** What the chart engine warned of. */
  readonly warnings: readonly string[];
}

export interface ObjectChange {
  /** `Kind/namespace/name` */
  readonly object: string;
  readonly outcome: ObjectOutcome;
}

export interface ReleasePlan {
  readonly outcome: "install" | "upgrade" | "unchanged";
  /** That the release would get, or has when nothing changes. */
  readonly revision: number;
  readonly objects: readonly PlannedChange[];
  /** Hooks that would run, in their order: "pre-upgrade Job/demo/migrate". */
  readonly hooks: readonly string[];
  readonly manifest: string;
  readonly warnings: readonly string[];
}

export interface PlannedChange extends ObjectChange {
  /** Of a configured object; values of Secrets are never shown. */
  readonly fields: readonly FieldChange[];
  /** The server could not judge it yet: "after Namespace/demo". */
  readonly provisional?: string;
  /** Why the deployment would be refused here: somebody else's object or field, an immutable field, an invalid value. */
  readonly refused?: string;
}

export interface FieldChange {
  /** `spec.template.spec.containers[name=web].image` */
  readonly path: string;
  /** As JSON; absent: the field is new. Of secrets "(hidden)". */
  readonly from?: string;
  /** As JSON; absent: the field goes away. Of secrets "(hidden)". */
  readonly to?: string;
}

export interface UninstallRequest {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly name: string;
  readonly namespace: string;
  readonly timeoutMs: number;
  readonly onProgress?: (event: ReleaseEvent) => void;
}

export interface UninstallOutcome {
  /** `missing`: there was no such release, and nothing was done. */
  readonly outcome: "uninstalled" | "missing";
  /** Deleted ("pruned") and kept objects, in the order in which they were deleted. */
  readonly objects: readonly ObjectChange[];
  /** Sentences for a person: what was left and why, what did not end in time. */
  readonly warnings: readonly string[];
}
