import type { ErrorCode, ErrorPlace, OperatorError } from "../../lib/errors/index.ts";
import type { JsonValue } from "../../lib/json.ts";

/** What a step acts on. */
export interface Target {
  readonly kind: "node" | "cluster" | "registry" | "file";
  readonly name: string;
}

export type Effect = "create" | "change" | "replace" | "destroy" | "wait";

/** What a check of a condition says; `failed` ends the wait at once. */
export type ConditionState =
  | { readonly kind: "ready" }
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string; readonly error?: OperatorError };

/** A wait as a value: described, polled, bounded; a timeout repeats the last reason. */
export interface Condition {
  readonly description: string;
  /** default 1000 */
  readonly intervalMs?: number;
  readonly deadlineMs: number;
  /** What to do when it fails without an error of its own, or runs out of time. */
  readonly next?: readonly string[];
  readonly check: (options: { readonly signal: AbortSignal }) => Promise<ConditionState>;
}

export interface StepOptions {
  readonly signal: AbortSignal;
  /** Bytes done, or the last reason; shown under the step. */
  readonly progress: (text: string) => void;
  /** Something the operator should know although nothing failed; stays on screen. */
  readonly notice: (text: string) => void;
}

/** One nameable, repeatable effect on one target. */
export interface Step {
  /** `<phase>/<target>`, unique in a run and stable for ever. */
  readonly id: string;
  /** "apply config to cp-2" */
  readonly title: string;
  readonly target: Target;
  readonly effect: Effect;
  /** Everything the step depends on; the engine keeps only its digest. */
  readonly inputs: JsonValue;
  /** Facts that cannot be known yet: shown "after …" in a plan. */
  readonly provisional?: string;
  /** Safe to repeat. */
  readonly apply: (options: StepOptions) => Promise<void>;
  /** What must hold afterwards. */
  readonly until?: Condition;
  /**
   * How often the step is gone through again, `apply` first, after a check of `until` failed with an error that the same may mend
   * (retry: same). A wait that ran out of time is not begun again. Default 0.
   */
  readonly retries?: number;
  /** A failure sets this node aside instead of ending the run (workers). Default false. */
  readonly mayBeSetAside?: boolean;
  /**
   * The look has already shown that this step cannot succeed (two disks match): the step fails with this error without
   * `apply` being called, and a dry run prints it.
   */
  readonly refusal?: OperatorError;
}

/** Steps that may run together; waves run in turn. */
export type Wave = readonly Step[];

export interface LookOptions {
  readonly signal: AbortSignal;
  /** True where nothing will be run after this look: open nothing that others could notice. */
  readonly dryRun: boolean;
  /** Nodes set aside so far, by name: leave them out of what is waited for. */
  readonly setAside: ReadonlySet<string>;
  /** Something the operator should know although nothing failed; stays on screen. */
  readonly notice: (text: string) => void;
}

/** A phase looks (observe, reads only), then plans (pure; empty means nothing to do). */
export interface PhaseSpec<Context, Facts> {
  readonly id: string;
  readonly title: string;
  readonly observe: (context: Context, options: LookOptions) => Promise<Facts>;
  readonly plan: (context: Context, facts: Facts) => readonly Wave[];
  /**
   * Releases what observe or a step opened for later phases (a mirror, a connection). Runs at the end, in reverse order,
   * for every phase that was looked at, also after failures; its signal is fresh and aborts after a few seconds.
   */
  readonly close?: (context: Context, options: { readonly signal: AbortSignal }) => Promise<void>;
}

/** A phase whose facts are closed over, so that the engine treats all alike; `definePhase` makes one. */
export interface Phase<Context> {
  readonly id: string;
  readonly title: string;
  readonly look: (context: Context, options: LookOptions) => Promise<readonly Wave[]>;
  readonly close?: (context: Context, options: { readonly signal: AbortSignal }) => Promise<void>;
}

/** A whole command as a list of phases, what they share, and what it found in the end. */
export interface Journey<Context, Report> {
  /** "up" */
  readonly id: string;
  /** What the run is about, for its head line and its records: the site's or the bundle's name. */
  readonly subject: string;
  readonly phases: readonly Phase<Context>[];
  readonly context: Context;
  /** What is true at the end, as plain data; asked after a run that did not fail, before the phases are closed. */
  readonly report: (context: Context, options: LookOptions) => Promise<Report>;
}

export interface ErrorReport {
  readonly code: ErrorCode | "BUG";
  readonly message: string;
  readonly where: ErrorPlace;
  readonly next: readonly string[];
  readonly problems: readonly { readonly message: string; readonly where?: ErrorPlace }[];
}

export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly target: Target;
  readonly effect: Effect;
  readonly provisional?: string;
  readonly refusal?: ErrorReport;
}

export interface PlannedPhase {
  readonly id: string;
  readonly title: string;
  readonly waves: readonly (readonly PlannedStep[])[];
}

/** What a run would do, as far as it can be known now. */
export interface JourneyPlan {
  readonly journey: string;
  readonly subject: string;
  readonly phases: readonly PlannedPhase[];
  /** Steps that would change something (every effect but "wait"). */
  readonly changes: number;
  /** Workers that would be left out, with the reason. */
  readonly setAside: readonly SetAside[];
  readonly notices: readonly string[];
}

export interface SetAside {
  readonly node: string;
  readonly error: ErrorReport;
}

interface Stamp {
  /** RFC 3339, UTC */
  readonly time: string;
  readonly run: string;
}

export type JourneyEvent = Stamp &
  (
    | {
        readonly kind: "run.started";
        readonly journey: string;
        readonly subject: string;
        readonly phases: readonly { readonly id: string; readonly title: string }[];
      }
    | { readonly kind: "run.succeeded"; readonly changed: number; readonly setAside: readonly SetAside[] }
    | { readonly kind: "run.failed"; readonly error: ErrorReport; readonly setAside: readonly SetAside[] }
    | { readonly kind: "phase.started" | "phase.succeeded"; readonly phase: string }
    | { readonly kind: "phase.planned"; readonly phase: string; readonly waves: readonly (readonly PlannedStep[])[] }
    | { readonly kind: "phase.failed"; readonly phase: string; readonly error: ErrorReport }
    | {
        readonly kind: "step.started" | "step.succeeded" | "step.cancelled";
        readonly phase: string;
        readonly step: string;
        readonly node?: string;
        readonly durationMs?: number;
      }
    | {
        readonly kind: "step.progress";
        readonly phase: string;
        readonly step: string;
        readonly node?: string;
        readonly text: string;
      }
    | {
        readonly kind: "step.retrying";
        readonly phase: string;
        readonly step: string;
        readonly node?: string;
        readonly error: ErrorReport;
      }
    | {
        readonly kind: "step.failed";
        readonly phase: string;
        readonly step: string;
        readonly node?: string;
        readonly error: ErrorReport;
        /** The node is left out from here on; the run goes on. */
        readonly setAside: boolean;
      }
    | {
        readonly kind: "step.skipped";
        readonly phase: string;
        readonly step: string;
        readonly node?: string;
        readonly reason: string;
      }
    | {
        readonly kind: "condition.waiting";
        readonly phase: string;
        readonly step: string;
        readonly node?: string;
        readonly description: string;
        readonly reason: string;
      }
    | { readonly kind: "notice"; readonly phase?: string; readonly node?: string; readonly text: string }
  );

/** An event before the engine stamps it with time and run. */
export type Unstamped<E> = E extends JourneyEvent ? Omit<E, "time" | "run"> : never;
