import type { ChartEngine, ChartInfo, EngineCall } from "./chart-engine.ts";
import { frameChart } from "./chart-source.ts";
import { type DeskRequest, type EngineDesk, openDesk } from "./engine-desk.ts";
import { engineError } from "./engine-error.ts";
import { engineFiles, workerFile } from "./engine-file.ts";
import type { EngineAnswer } from "./frame.ts";
import { render } from "./render.ts";

export interface ChartEngineOptions {
  /** Default: the environment of the process, for where a clone keeps its parts (XDG_CACHE_HOME). */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Makes a chart engine. Nothing is loaded before the first call; `close` it when done. */
export function createChartEngine(options: ChartEngineOptions = {}): ChartEngine {
  const desk = openDesk({ engine: engineFiles(options.environment ?? process.env), worker: workerFile() });
  return {
    render: (request, call) => render(desk, request, call),
    goTemplate: async ({ name, text, data, package: definition, limits, sensitive }, call) => {
      const asked = { what: `template ${name}`, timeoutMs: limits?.timeoutMs };
      const answer = await desk.ask(
        { ...asked, request: { operation: "goTemplate", name, text, data, package: definition } },
        call,
      );
      if (answer.failure !== undefined) {
        throw engineError(answer.failure, { sensitive, template: "CHART_TEMPLATE_INVALID" });
      }
      return answer.result as string;
    },
    matchesPattern: async (pattern, value, call) => {
      const request = { operation: "matches", pattern, value };
      return (await answered(desk, { what: `pattern ${pattern}`, request }, call)).result as boolean;
    },
    inspectChart: async (source, call) => {
      const { chart, attachments } = frameChart(source);
      const request = { operation: "inspect", chart };
      return (await answered(desk, { what: "a chart", request, attachments }, call)).result as ChartInfo;
    },
    packageChart: async ({ files, version = "", appVersion = "" }, call) => {
      const { chart, attachments } = frameChart({ files });
      const request = { operation: "package", chart, version, appVersion };
      return (await answered(desk, { what: "a chart", request, attachments }, call)).attachment;
    },
    close: desk.close,
  };
}

async function answered(desk: EngineDesk, request: DeskRequest, call: EngineCall): Promise<EngineAnswer> {
  const answer = await desk.ask(request, call);
  if (answer.failure !== undefined) throw engineError(answer.failure);
  return answer;
}
