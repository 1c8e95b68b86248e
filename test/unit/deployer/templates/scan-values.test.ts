import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "../../../../src/deployer/templates/go-syntax/parse-template.ts";
import {
  packageValues,
  parseAssignments,
  scanValues,
  type ValueUse,
} from "../../../../src/deployer/templates/index.ts";
import { isOperatorError } from "../../../../src/lib/errors/index.ts";
import { recordedSteps } from "../../../support/zarf-recordings.ts";

const folder = "test/fixtures/zarf/public/values-scan/src";
const text = (name: string): string => readFileSync(`${folder}/${name}`, "utf8");

function problemsOf(uses: readonly ValueUse[], values: Parameters<typeof scanValues>[1]): readonly string[] {
  try {
    scanValues(uses, values, "demo");
    return [];
  } catch (error) {
    if (isOperatorError(error, "PACKAGE_VALUES_UNDEFINED")) return error.problems.map(({ message }) => message);
    throw error;
  }
}

const template = (body: string, where = "it"): ValueUse => ({ kind: "template", where, text: body });
const missing = (body: string, values: Parameters<typeof scanValues>[1] = {}): readonly string[] =>
  problemsOf([template(body)], values).map((message) => message.replace("it uses ", ""));

describe("scanValues(), as the recording of the set values-scan", () => {
  const uses = [
    template("echo {{ .Values.inAction }}", "action"),
    template(text("a.txt"), "scan-a.txt"),
    template(text("b.txt"), "scan-b.txt"),
  ];
  const recorded = (step: number): readonly string[] => [
    ...new Set((recordedSteps("deploy-connected/values-scan.json")[step]?.stderr ?? "").match(/\.Values\.[\w.]+/g)),
  ];
  const found = (assignments: Readonly<Record<string, string>>): readonly string[] =>
    problemsOf(uses, packageValues({ packageYaml: text("v.yaml"), files: [], assignments })).map(
      (message) => message.split(" uses ")[1] ?? "",
    );

  it("finds what Zarf finds, without a key that is there, and what Zarf misses", () => {
    const ours = found({});

    expect(recorded(0).filter((path) => !ours.includes(path))).toEqual([".Values.dotted.key"]);
    expect(ours.filter((path) => !recorded(0).includes(path))).toEqual([
      ".Values.app.nosuch",
      ".Values.viaVariable",
      ".Values.app.nosuchParen",
    ]);
  });

  it("is content with what was set", () => {
    const set = recordedSteps("deploy-connected/values-scan.json")[1]?.args.at(-1) ?? "";

    expect(found(parseAssignments([set], "--set-values"))).toEqual(recorded(1));
  });
});

describe("scanValues()", () => {
  it.each([
    ["{{ .Values.a }}", [".Values.a"]],
    ["{{- .Values.a.b -}} {{ $.Values.c }}", [".Values.a.b", ".Values.c"]],
    ['{{ .Values.a | default "x" }}', [".Values.a"]],
    ["{{ if .Values.a }}y{{ end }}", [".Values.a"]],
    ['{{ if hasKey .Values "a" }}{{ .Values.a }}{{ end }}', []],
    ['{{ if not (hasKey .Values "a") }}{{ .Values.b }}{{ else }}{{ .Values.a }}{{ end }}', [".Values.b"]],
    ['{{ if and (hasKey .Values "a") .Values.a }}y{{ end }}', []],
    ['{{ if or (hasKey .Values "a") .Values.b }}y{{ end }}', [".Values.b"]],
    ["{{ with .Values.no }}{{ .x }}{{ end }}", [".Values.no"]],
    ['{{ index .Values "a" "b" }}', [".Values.a"]],
    ['{{ index .Values "dotted.key" }}', ['.Values["dotted.key"]']],
    ['{{ get .Values "a" }}{{ dig "a" "b" "c" .Values }}{{ hasKey .Values "a" }}', []],
    ['{{/* {{ .Values.a }} */}}{{ `{{ .Values.b }}` }}{{ "{{ .Values.c }}" }}', []],
    ['{{ define "t" }}{{ .a }}{{ end }}{{ template "t" .Values }}', [".Values.a"]],
    ['{{ define "unused" }}{{ .Values.a }}{{ end }}', []],
    ["{{ .Variables.X }}{{ .Pkg.Metadata.Name }}{{ .State.Registry }}{{ .ValuesX }}", []],
    ["{{ $x := .Values }}{{ if .Variables.Y }}{{ $x.a }}{{ .Values.b }}{{ end }}", [".Values.b"]],
    ["{{ if eq .Variables.Y `z` }}{{ with .Values }}{{ .a }}{{ end }}{{ end }}", []],
    ["{{ printf `%s` (.Values).a | quote }}", [".Values.a"]],
  ])("judges %s without any values", (body, expected) => {
    expect(missing(body)).toEqual(expected);
  });

  it.each([
    ["{{ .Values.nothing }}{{ .Values.empty }}", []],
    ["{{ .Values.nothing.below }}", [".Values.nothing.below"]],
    ["{{ .Values.text.below }}", [".Values.text.below"]],
    ["{{ range .Values.list }}{{ .name }}{{ end }}", [".Values.list[1].name"]],
    ["{{ range $i, $e := .Values.list }}{{ $e.id }}{{ $i }}{{ end }}", []],
    ["{{ range .Values.list }}{{ break }}{{ .name }}{{ end }}", []],
    ["{{ range .Values.none }}{{ .x }}{{ else }}{{ .Values.y }}{{ end }}", [".Values.y"]],
    ["{{ with .Values.map }}{{ .a }}{{ .b }}{{ $.Values.text }}{{ end }}", [".Values.map.b"]],
    ["{{ with .Values.empty }}{{ .a }}{{ else with .Values.map }}{{ .a }}{{ end }}", []],
    ["{{ if .Values.empty }}{{ .Values.x }}{{ else if .Values.text }}{{ .Values.y }}{{ end }}", [".Values.y"]],
    ['{{ with .Values.map }}{{ if index . "b" }}{{ .b }}{{ end }}{{ end }}', []],
  ])("judges %s by what is there", (body, expected) => {
    const values = {
      nothing: null,
      empty: {},
      none: [],
      text: "t",
      map: { a: 1 },
      list: [{ id: 1, name: "x" }, { id: 2 }],
    };

    expect(missing(body, values)).toEqual(expected);
  });

  it("counts what an earlier action sets, and only that", () => {
    const uses: readonly ValueUse[] = [
      template("{{ .Values.str.deep }}", "before"),
      { kind: "sets", key: ".str.deep" },
      template("{{ .Values.str.deep.er }} {{ .Values.str.other }}", "after"),
      { kind: "maps", where: "chart web", sourcePath: ".str.deep" },
      { kind: "maps", where: "chart web", sourcePath: ".gone" },
      { kind: "sets", key: "." },
      template("{{ .Values.anything.at.all }}", "last"),
      { kind: "maps", where: "chart web", sourcePath: ".gone" },
    ];

    expect(problemsOf(uses, {})).toEqual([
      "before uses .Values.str.deep",
      "after uses .Values.str.other",
      "chart web maps .Values.gone",
    ]);
  });

  it.each(["{{ if }}", "{{ end }}", "{{ if .a }}", "{{ .a", "{{ template x }}", "{{ (.a }}", "{{ .a ) }}"])(
    "says that %s is no template",
    (body) => {
      expect(problemsOf([template(body)], {})).toEqual([expect.stringContaining("it is no Go template")]);
    },
  );
});

describe("parseTemplate()", () => {
  const charts = readdirSync("test/fixtures", { recursive: true, encoding: "utf8" }).filter((path) =>
    /\/templates\/.*\.(?:yaml|yml|tpl|txt)$/.test(path),
  );

  it("reads the templates of all charts in the fixtures", () => {
    expect(charts.length).toBeGreaterThan(0);
    for (const path of charts) {
      const parse = () => parseTemplate(readFileSync(join("test/fixtures", path), "utf8"));
      if (!/broken|invalid|bad/.test(path)) expect(parse, path).not.toThrow();
    }
  });
});
