import { type ChartCase, chartYaml, configMap } from "./chart-case.ts";

const failing = (name: string, template: string, more: Partial<ChartCase> = {}): ChartCase => ({
  name,
  ...more,
  fails: true,
  files: { "templates/a.yaml": configMap(template), ...more.files },
});

/** What goes wrong, in helm's own words. */
export const failingCharts: readonly ChartCase[] = [
  failing("a template that does not end", "{{ if true }}"),
  failing("a brace too few", "{{ .Values.a }"),
  failing("an unknown function", "{{ nonsense 1 }}"),
  failing("an unknown variable", "{{ $x }}"),
  failing("an end without a beginning", "{{ end }}"),
  failing("a function that was taken away", '{{ env "HOME" }}'),
  failing("a nil pointer", "{{ .Values.a.b.c }}"),
  failing("a field of a text", "{{ .Values.a.b }}", { files: { "values.yaml": "a: text\n" } }),
  failing("a wrong kind of argument", '{{ add "x" (list) | mul }}{{ index 5 1 }}'),
  failing("too few arguments", "{{ trunc 3 }}"),
  failing("an index out of range", "{{ index (list 1) 5 }}"),
  failing("a division by zero", "{{ div 1 0 }}"),
  failing("fail with a message", '{{ fail "port is wrong: use 80" }}'),
  failing("required without a value", '{{ required "a value for .Values.host is needed" .Values.host }}'),
  failing("a template that is not there", '{{ include "nowhere" . }}'),
  failing("template of a name that is not there", '{{ template "nowhere" . }}'),
  failing("an error two includes deep", '{{ include "one" . }}', {
    files: {
      "templates/_h.tpl":
        '{{ define "one" }}\n{{ include "two" . }}{{ end }}\n{{ define "two" }}\n\n{{ .Values.x.y.z }}{{ end }}\n',
    },
  }),
  failing("an error in tpl", "{{ tpl .Values.t . }}", { files: { "values.yaml": "t: '{{ .Values.none.here }}'\n" } }),
  failing("tpl that does not parse", "{{ tpl .Values.t . }}", { files: { "values.yaml": "t: '{{ if }}'\n" } }),
  failing("an error in a subchart", "ok", {
    files: { "charts/s/Chart.yaml": chartYaml("s"), "charts/s/templates/x.yaml": "kind: A\n{{ .Values.a.b }}\n" },
  }),
  failing("mustToJson of what cannot be", '{{ mustFromJson "{" }}'),
  failing("a bad regular expression", '{{ mustRegexMatch "(" "x" }}'),
  failing("a comparison of kinds that do not compare", '{{ eq 1 "1" }}'),
  failing("range over a number of the wrong kind", "{{ range 1.5 }}x{{ end }}"),
  failing("YAML that is not", "x\n  - broken: [\n"),
  failing(".helmignore that keeps one file only", "x", { files: { ".helmignore": "!keep.bak\n" } }),
  failing("YAML with a tab", "a\n\tb: c"),
  failing("YAML with a key twice and a bad hook", "x\ndata: {}\nmetadata: []"),
  failing("annotations that are not texts", "x", {
    files: { "templates/a.yaml": "kind: A\nmetadata:\n  annotations:\n    list: [1]\n    helm.sh/hook: pre-install\n" },
  }),
  failing("a Kubernetes that the chart does not accept", "x", {
    files: { "Chart.yaml": chartYaml("web", "kubeVersion: '<1.20.0'\n") },
  }),
  failing("a version of Kubernetes that is none", "x", { kubeVersion: "one.two" }),
  failing("a version of Kubernetes with one number", "x", { kubeVersion: "1" }),
  failing("a version of Kubernetes with a zero before it", "x", { kubeVersion: "v01.2" }),
  failing("a release name with capitals", "x", { release: "Web" }),
  failing("a release name that is too long", "x", { release: "a".repeat(54) }),
  failing("a chart without a name", "x", { files: { "Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n" } }),
  failing("a chart with a version that is none", "x", {
    files: { "Chart.yaml": "apiVersion: v2\nname: web\nversion: one\n" },
  }),
  failing("a chart of a later format", "x", { files: { "Chart.yaml": "apiVersion: v3\nname: web\nversion: 1.0.0\n" } }),
  failing("a chart of an unknown format", "x", {
    files: { "Chart.yaml": "apiVersion: v9\nname: web\nversion: 1.0.0\n" },
  }),
  failing("a Chart.yaml that is not YAML", "x", { files: { "Chart.yaml": "apiVersion: [\n" } }),
  failing("a type of chart that is none", "x", { files: { "Chart.yaml": chartYaml("web", "type: thing\n") } }),
  failing("an alias that is none", "x", {
    files: {
      "Chart.yaml": chartYaml("web", "dependencies:\n- {name: s, version: 1.2.3, alias: 'a b'}\n"),
      "charts/s/Chart.yaml": chartYaml("s"),
    },
  }),
  failing("two dependencies of one name", "x", {
    files: {
      "Chart.yaml": chartYaml("web", "dependencies:\n- {name: s, version: 1.2.3}\n- {name: s, version: 1.2.3}\n"),
      "charts/s/Chart.yaml": chartYaml("s"),
    },
  }),
];
