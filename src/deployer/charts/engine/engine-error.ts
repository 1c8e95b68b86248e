import type { ErrorCode } from "../../../lib/errors/index.ts";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { EngineFailure } from "./frame.ts";
import { mask } from "./mask.ts";

/** Templates that include each other repeat themselves in Helm's words: where it began and why it ended is enough. */
const HALF_MESSAGE = 4096;

const codes = {
  chart: "CHART_INVALID",
  size: "CHART_TOO_LARGE",
  values: "CHART_VALUES_INVALID",
  schema: "CHART_VALUES_INVALID",
  release: "CHART_RELEASE_INVALID",
  template: "CHART_RENDER_FAILED",
  manifest: "CHART_RENDER_FAILED",
  pattern: "CHART_PATTERN_INVALID",
} as const satisfies Partial<Record<EngineFailure["kind"], ErrorCode>>;

/**
 * What the engine refused, in Helm's own words, with template, line and column where they name them.
 *
 * @param options.template - the code of a failing template; default CHART_RENDER_FAILED
 */
export function engineError(
  failure: EngineFailure,
  options: { readonly sensitive?: readonly string[] | undefined; readonly template?: ErrorCode } = {},
): Error {
  const whole = mask(failure.message, options.sensitive);
  const message =
    whole.length > 2 * HALF_MESSAGE ? `${whole.slice(0, HALF_MESSAGE)} … ${whole.slice(-HALF_MESSAGE)}` : whole;
  // Only our own requests can be wrong in this way.
  if (failure.kind === "request") return new Error(`chart engine: ${message}`);
  const code = failure.kind === "template" ? (options.template ?? codes.template) : codes[failure.kind];
  const file = placeIn(message);
  return new OperatorError(code, message, file === undefined ? {} : { where: { file } });
}

/** The first `path:line` or `path:line:column` of a template that a message names. */
function placeIn(message: string): string | undefined {
  return /[^\s:()"'<>]+\.(?:ya?ml|tpl|txt|json):\d+(?::\d+)?/.exec(message)?.[0];
}
