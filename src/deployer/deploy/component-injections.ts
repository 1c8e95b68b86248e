import { OperatorError } from "../../lib/errors/index.ts";
import type { ComponentRun } from "./deploy-component.ts";
import type { Site } from "./run.ts";

export function startInjections({ component }: ComponentRun, _site: Site) {
  if (component.dataInjections.length > 0)
    throw new OperatorError("PACKAGE_FEATURE_UNSUPPORTED", `component ${component.name} uses injections`);
  return { done: async () => undefined, stop: async () => undefined };
}
