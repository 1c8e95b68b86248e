import { OperatorError } from "../../../lib/errors/index.ts";
import type { ChartInfo, EngineCall, LookupQuery, ReleaseHook, RenderedChart, RenderRequest } from "./chart-engine.ts";
import { frameChart } from "./chart-source.ts";
import type { EngineDesk } from "./engine-desk.ts";
import { engineError } from "./engine-error.ts";
import type { EngineAnswer } from "./frame.ts";
import type { JsonObject } from "./json-object.ts";
import { mask } from "./mask.ts";

/** Each round answers what the one before asked; real charts need one or two. */
const MAX_ROUNDS = 20;
const MAX_QUERIES = 1000;

interface SortedFiles {
  readonly manifest: string;
  readonly hooks: readonly ReleaseHook[];
}

interface Rendered {
  readonly asked?: readonly LookupQuery[];
  readonly merged?: string;
  readonly objects?: SortedFiles;
  readonly crds: RenderedChart["crds"];
  readonly notes: string;
  readonly info: ChartInfo;
  readonly chartLength: number;
}

/** `render` of the chart engine: as many rounds as lookups need, then the post-renderer in its place. */
export async function render(desk: EngineDesk, request: RenderRequest, call: EngineCall): Promise<RenderedChart> {
  const { answer, rendered } = await renderWithAnswers(desk, request, call);
  const objects = rendered.objects ?? (await postRendered(desk, request, rendered.merged ?? "", call));
  const crds = request.includeCrds === true ? rendered.crds : [];
  return {
    manifest: crds.map(({ name, text }) => `---\n# Source: ${name}\n${text}\n`).join("") + objects.manifest,
    hooks: objects.hooks,
    crds: rendered.crds,
    notes: rendered.notes,
    info: rendered.info,
    chartJson: answer.attachment.toString("utf8", 0, rendered.chartLength),
    configJson: answer.attachment.toString("utf8", rendered.chartLength),
    warnings: answer.warnings.map((warning) => mask(warning, request.sensitive)),
  };
}

async function renderWithAnswers(
  desk: EngineDesk,
  request: RenderRequest,
  call: EngineCall,
): Promise<{ readonly answer: EngineAnswer; readonly rendered: Rendered }> {
  const answers: JsonObject[] = [];
  for (let round = 0; round < MAX_ROUNDS && answers.length <= MAX_QUERIES; round++) {
    const answer = await ask(desk, request, answers, call);
    const rendered = answer.result as Rendered | undefined;
    const asked = (answer.failure?.asked ?? rendered?.asked ?? []) as readonly LookupQuery[];
    if (asked.length === 0) {
      if (answer.failure !== undefined) throw engineError(answer.failure, { sensitive: request.sensitive });
      if (rendered === undefined) throw new Error("the chart engine answered nothing");
      return { answer, rendered };
    }
    for (const query of asked) answers.push({ ...query, object: (await request.lookup?.(query, call)) ?? null });
  }
  throw new OperatorError(
    "CHART_LOOKUP_ENDLESS",
    `the templates of release ${request.release.name} ask for other objects each time they are rendered; the last of ${answers.length} was ${describe(answers.at(-1))}`,
  );
}

function ask(
  desk: EngineDesk,
  request: RenderRequest,
  answers: readonly JsonObject[],
  call: EngineCall,
): Promise<EngineAnswer> {
  const { chart, attachments } = frameChart(request.chart);
  const valuesFiles = (request.valuesFiles ?? []).map((file, index) =>
    typeof file === "string" ? { name: `values file ${index + 1}`, text: file } : { name: file.name, text: file.text },
  );
  return desk.ask(
    {
      what: `release ${request.release.name}`,
      timeoutMs: request.limits?.timeoutMs,
      attachments,
      request: {
        operation: "render",
        chart,
        values: request.values,
        valuesFiles,
        release: { ...request.release },
        capabilities: { ...request.capabilities },
        hasLookup: request.lookup !== undefined,
        answers,
        postRender: request.postRender !== undefined,
        skipSchemaValidation: request.skipSchemaValidation ?? false,
      },
    },
    call,
  );
}

async function postRendered(
  desk: EngineDesk,
  request: RenderRequest,
  merged: string,
  call: EngineCall,
): Promise<SortedFiles> {
  const text = (await request.postRender?.(merged, call)) ?? merged;
  const { result, failure } = await desk.ask(
    {
      what: `release ${request.release.name}`,
      timeoutMs: request.limits?.timeoutMs,
      request: { operation: "finish", text },
    },
    call,
  );
  if (failure !== undefined) throw engineError(failure, { sensitive: request.sensitive });
  return result as SortedFiles;
}

function describe(query: JsonObject | undefined): string {
  return [query?.["kind"], query?.["namespace"], query?.["name"]].filter((part) => part !== "").join("/");
}
