import type { DeployOutcome, OpenPackage, PackagePlan, PackageRequest } from "../../deployer/index.ts";

/** What the phases of `deploy` share. */
export interface DeployContext {
  readonly pkg: OpenPackage;
  /** Of the cluster; "this machine" where the package needs none. */
  readonly subject: string;
  readonly request: Omit<PackageRequest, "pkg" | "signal" | "onEvent">;
  readonly found: DeployMemory;
}

export interface DeployMemory {
  plan?: PackagePlan;
  outcome?: DeployOutcome;
}
