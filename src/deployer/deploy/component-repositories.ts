import { OperatorError } from "../../lib/errors/index.ts";
import type { ComponentRun } from "./deploy-component.ts";
import type { Site } from "./run.ts";

export async function pushComponentRepositories({ component }: ComponentRun, _site: Site): Promise<void> {
  if (component.repos.length > 0)
    throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `component ${component.name} uses repositories`);
}
