import type { ChartEngine } from "../charts/engine/index.ts";
import type { PackageDefinition } from "../package/definition.ts";
import type { CreateProgress, RunCreateActions } from "./component/stage-context.ts";
import type { Kustomize } from "./fetch/kustomize.ts";
import type { Registries } from "./fetch/registries.ts";
import type { StagingFolder } from "./stage/staging-folder.ts";

export interface BuildOptions {
  /** For packages that do not say it themselves; default amd64. Components for others are left out, as Zarf does. */
  readonly architecture?: string;
  readonly flavor?: string;
  /** Values of create-time templates, by name. */
  readonly set?: Readonly<Record<string, string>>;
  /** An older version of the package: what it brings already is left out. */
  readonly differentialTo?: PackageDefinition;
  /** default 1970-01-01, so that the same inputs give the same bytes */
  readonly createdAt?: Date;
}

/** What building a package reaches the world through. */
export interface BuildPorts {
  readonly registries: Registries;
  /** For what is fetched and unpacked; the built package reads from it until it is removed. */
  readonly staging: StagingFolder;
  readonly engine: Pick<ChartEngine, "packageChart" | "inspectChart">;
  readonly runActions: RunCreateActions;
  /** default: kubectl kustomize */
  readonly kustomize?: Kustomize;
  readonly signal: AbortSignal;
  readonly onProgress?: ((event: CreateProgress) => void) | undefined;
}
