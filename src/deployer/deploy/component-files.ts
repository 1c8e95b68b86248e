import { OperatorError } from "../../lib/errors/index.ts";
import type { ComponentRun } from "./deploy-component.ts";

export async function placeFiles({ component }: ComponentRun): Promise<void> {
  if (component.files.length > 0)
    throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `component ${component.name} uses files`);
}
export async function plannedFiles(_at: ComponentRun): Promise<readonly string[]> {
  return [];
}
