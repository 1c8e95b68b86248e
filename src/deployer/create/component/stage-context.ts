import type { ChartEngine } from "../../charts/engine/index.ts";
import type { ActionSetDefinition } from "../../package/definition.ts";
import type { Kustomize } from "../fetch/kustomize.ts";
import type { Registries } from "../fetch/registries.ts";
import type { StagingFolder } from "../stage/staging-folder.ts";

/** Something that happened while a package is made. */
export type CreateProgress =
  | { readonly kind: "component"; readonly name: string; readonly done: number; readonly total: number }
  | { readonly kind: "fetching"; readonly what: string }
  | { readonly kind: "fetched"; readonly bytes: number }
  | { readonly kind: "image"; readonly reference: string; readonly done: number; readonly total: number }
  | { readonly kind: "images"; readonly blobs: number; readonly totalBytes: number }
  | { readonly kind: "image-bytes"; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: "writing"; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: "notice"; readonly text: string };

/** Runs the commands of one moment while a package is made; rejects when one fails. */
export type RunCreateActions = (
  actions: ActionSetDefinition,
  moment: "before" | "after",
  call: { readonly folder: string; readonly component: string; readonly signal: AbortSignal },
) => Promise<void>;

/** What staging a component needs. */
export interface StageContext {
  /** Absolute; relative sources start here. */
  readonly folder: string;
  readonly staging: StagingFolder;
  readonly registries: Registries;
  readonly engine: Pick<ChartEngine, "packageChart" | "inspectChart">;
  readonly kustomize: Kustomize;
  readonly runActions: RunCreateActions;
  /** Sources are copied first, because commands of the package may change or remove them before they are read. */
  readonly mustCopy: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: ((event: CreateProgress) => void) | undefined;
}
