import { afterAll, describe, expect, it } from "vitest";
import { createChartEngine, type JsonObject } from "../../../src/deployer/charts/engine/index.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
afterAll(() => engine.close());

const run = (text: string, data: JsonObject = {}) =>
  engine.goTemplate({ name: "manifest.yaml", text, data }, { signal });

describe("goTemplate()", () => {
  it.each<readonly [string, JsonObject, string]>([
    [
      "{{ .Values.a.b }} {{ .Pkg.Metadata.Name | upper }}",
      { Values: { a: { b: "c" } }, Pkg: { Metadata: { Name: "web" } } },
      "c WEB",
    ],
    [
      "{{ .n }} {{ .big }} {{ .f }} {{ add .n 1 }}",
      { n: 1_000_000, big: 9_007_199_254_740_991, f: 1.5 },
      "1000000 9007199254740991 1.5 1000001",
    ],
    [
      "{{ toYaml .o }}|{{ toJson .o }}|{{ toToml .o }}",
      { o: { a: [1, "x"], b: { c: true } } },
      'a:\n- 1\n- x\nb:\n  c: true|{"a":[1,"x"],"b":{"c":true}}|a = [1, "x"]\n\n[b]\n  c = true\n',
    ],
    ["{{ toYamlPretty .o }}|{{ mustToYaml .o }}|{{ mustToJson .o }}", { o: { a: [1] } }, 'a:\n  - 1|a:\n- 1|{"a":[1]}'],
    [
      '{{ (fromYaml "a: 1").a }} {{ (fromJson "{\\"a\\": 2}").a }} {{ (fromToml "a = 3").a }} {{ fromYamlArray "- x" | first }} {{ fromJsonArray "[5]" | first }}',
      {},
      "1 2 3 x 5",
    ],
    ['{{ (fromYaml "[").Error | kindOf }} {{ index (fromJsonArray "x") 0 | kindOf }}', {}, "string string"],
    ['{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .x }}', { x: "y" }, "<y>"],
    ["no template, no change\r\n", {}, "no template, no change\r\n"],
    ['{{ default "d" .e }}{{ range .l }}{{ . }}{{ end }}', { e: "", l: [] }, "d"],
  ])("%s", async (text, data, expected) => {
    expect(await run(text, data)).toBe(expected);
  });

  it.each([
    ["{{ .Values.missing }}", { Values: {} }, "1:10", "map has no entry for key"],
    ["\n\n{{ .Missing.x }}", {}, "3:11", "map has no entry for key"],
    ["{{ if }}", {}, "1", "missing value for if"],
    ["a\n{{ nonsense }}", {}, "2", 'function "nonsense" not defined'],
    ['{{ env "HOME" }}', {}, "1", 'function "env" not defined'],
    ['{{ expandenv "$HOME" }}', {}, "1", 'function "expandenv" not defined'],
    ['{{ getHostByName "x" }}', {}, "1", 'function "getHostByName" not defined'],
    ['{{ include "x" . }}', {}, "1", 'function "include" not defined'],
    ['{{ fail "stop" }}', {}, "1:3", "stop"],
    ["{{ mustToJson .f }}{{ index .f 0 }}", { f: {} }, "1:22", "error calling index"],
  ])("fails with place and reason: %j", async (text, data, place, reason) => {
    await expect(run(text, data)).rejects.toMatchObject({
      code: "CHART_TEMPLATE_INVALID",
      where: { file: `manifest.yaml:${place}` },
      message: expect.stringContaining(reason),
    });
  });

  it("does not show sensitive texts", async () => {
    const template = engine.goTemplate(
      { name: "x.yaml", text: "{{ fail .password }}", data: { password: "hunter22" }, sensitive: ["hunter22"] },
      { signal },
    );

    await expect(template).rejects.toMatchObject({ message: expect.not.stringContaining("hunter22") });
  });
});

describe("matchesPattern()", () => {
  it.each<readonly [string, string, boolean]>([
    ["^[a-z]+$", "abc", true],
    ["^[a-z]+$", "abC", false],
    ["b", "abc", true],
    ["(?i)^ABC$", "abc", true],
    ["^\\p{L}+$", "größe", true],
    ["^.$", "\n", false],
    ["^(a+)+$", `${"a".repeat(50_000)}!`, false],
    ["", "", true],
  ])("%s on %s", async (pattern, value, matches) => {
    expect(await engine.matchesPattern(pattern, value, { signal })).toBe(matches);
  });

  it.each(["(", "(?=x)", "\\1", "[z-a]"])("refuses %s", async (pattern) => {
    await expect(engine.matchesPattern(pattern, "x", { signal })).rejects.toMatchObject({
      code: "CHART_PATTERN_INVALID",
    });
  });
});
