import type { ComponentDefinition } from "../package/definition.ts";
import type { ComponentFiles } from "../package/open-package.ts";
import type { Recorder } from "./recorder.ts";
import type { Run } from "./run.ts";

/** A component on its way. */
export interface ComponentRun {
  readonly run: Run;
  readonly component: ComponentDefinition;
  readonly files: ComponentFiles;
  /** Undefined where the package needs no cluster: nothing is recorded then. */
  readonly recorder: Recorder | undefined;
  readonly signal: AbortSignal;
}
