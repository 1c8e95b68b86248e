import { describe, expect, it } from "vitest";
import { engineError } from "../../../../../src/deployer/charts/engine/engine-error.ts";
import type { EngineFailure } from "../../../../../src/deployer/charts/engine/frame.ts";
import { OperatorError } from "../../../../../src/lib/errors/index.ts";

const failure = (kind: EngineFailure["kind"], message: string): EngineFailure => ({ kind, message });

describe("engineError()", () => {
  it.each([
    ["chart", "CHART_INVALID"],
    ["size", "CHART_TOO_LARGE"],
    ["values", "CHART_VALUES_INVALID"],
    ["schema", "CHART_VALUES_INVALID"],
    ["release", "CHART_RELEASE_INVALID"],
    ["template", "CHART_RENDER_FAILED"],
    ["manifest", "CHART_RENDER_FAILED"],
    ["pattern", "CHART_PATTERN_INVALID"],
  ] as const)("%s is %s, in the engine's words", (kind, code) => {
    expect(engineError(failure(kind, "words"))).toMatchObject({ code, message: "words", where: {} });
  });

  it("takes another code for a template that is not a chart's", () => {
    expect(engineError(failure("template", "x"), { template: "CHART_TEMPLATE_INVALID" })).toMatchObject({
      code: "CHART_TEMPLATE_INVALID",
    });
    expect(engineError(failure("chart", "x"), { template: "CHART_TEMPLATE_INVALID" })).toMatchObject({
      code: "CHART_INVALID",
    });
  });

  it.each([
    ["template: web/templates/a.yaml:3:14: executing …", "web/templates/a.yaml:3:14"],
    ["parse error at (web/templates/_h.tpl:7): x", "web/templates/_h.tpl:7"],
    ['web/templates/a.yaml:3:14\n  executing "web/templates/b.yaml"', "web/templates/a.yaml:3:14"],
    ["YAML parse error on web/templates/a.yaml: yaml: line 3", undefined],
  ])("finds the place in %j", (message, file) => {
    expect(engineError(failure("template", message))).toMatchObject({ where: file === undefined ? {} : { file } });
  });

  it("masks first, and shortens a message that repeats itself in its middle", () => {
    const long = `begin hunter22 ${"again ".repeat(5000)}the end`;
    const { message } = engineError(failure("template", long), { sensitive: ["hunter22"] });

    expect(message.length).toBeLessThan(8200);
    expect(message).toMatch(/^begin \[sensitive\] again .* … .*the end$/);
  });

  it("is a bug of ours where our own request was wrong", () => {
    expect(engineError(failure("request", "cut"))).not.toBeInstanceOf(OperatorError);
  });
});
