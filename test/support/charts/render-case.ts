import type { ChartEngine, ChartSource, RenderRequest } from "../../../src/deployer/charts/engine/index.ts";
import { OperatorError } from "../../../src/lib/errors/index.ts";
import { type ChartCase, filesOf } from "./chart-case.ts";
import { printed } from "./printed.ts";
import type { HelmSaid } from "./real-helm.ts";

/** The request that asks the engine what a case asks helm. */
export function requestOf(
  one: ChartCase,
  valuesFiles: RenderRequest["valuesFiles"] = [],
  chart: ChartSource = { files: filesOf(one) },
): RenderRequest {
  return {
    chart,
    values: {},
    valuesFiles,
    release: {
      name: one.release ?? "web",
      namespace: one.namespace ?? "shop",
      revision: 1,
      isInstall: one.isUpgrade !== true,
      isUpgrade: one.isUpgrade === true,
    },
    capabilities: {
      ...(one.kubeVersion === undefined ? {} : { kubeVersion: one.kubeVersion }),
      ...(one.extraApiVersions === undefined ? {} : { extraApiVersions: one.extraApiVersions }),
    },
    includeCrds: one.includeCrds === true,
    skipSchemaValidation: one.skipSchemaValidation === true,
  };
}

/** What the engine would have printed, had it been helm. */
export async function bySkerry(engine: ChartEngine, request: RenderRequest): Promise<HelmSaid> {
  try {
    return { stdout: printed(await engine.render(request, { signal: new AbortController().signal })), error: "" };
  } catch (error) {
    if (error instanceof OperatorError) return { stdout: "", error: error.message };
    throw error;
  }
}
