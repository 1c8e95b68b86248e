import { blockMap, type ChartCase, configMap } from "./chart-case.ts";

const dump = { "templates/dump.yaml": blockMap("{{ .Values | toYaml | nindent 4 }}") };

/** Values: defaults, files in order, null, lists, line ends, odd types. */
export const valuesCharts: readonly ChartCase[] = [
  { name: "values of the chart alone", files: { ...dump, "values.yaml": "a: 1\nb: {c: two}\n" } },
  { name: "no values at all", files: dump },
  { name: "an empty values file", files: { ...dump, "values.yaml": "" }, valuesFiles: [""] },
  {
    name: "two values files, the later wins",
    files: { ...dump, "values.yaml": "a: 1\nb: {c: two, d: 3}\n" },
    valuesFiles: ["b: {c: file one}\nlist: [1, 2]\n", "b: {e: 5}\nlist: [3]\n"],
  },
  {
    name: "null removes a default, also below",
    files: { ...dump, "values.yaml": "a: 1\nb: {c: two, d: {e: 1}}\nz: null\n" },
    valuesFiles: ["a: null\nb: {d: null}\nnew: null\n"],
  },
  {
    name: "a list replaces a list, a table does not replace a scalar",
    files: { ...dump, "values.yaml": "list: [{a: 1}, {b: 2}]\nscalar: text\ntable: {a: 1}\n" },
    valuesFiles: ["list: []\nscalar: {now: a table}\ntable: now text\n"],
  },
  {
    name: "CRLF in values and templates",
    files: {
      "values.yaml": "a: one\r\nb:\r\n  - x\r\n  - y\r\ntext: |\r\n  first\r\n  second\r\n",
      "templates/a.yaml": configMap("{{ .Values.text | quote }}").replaceAll("\n", "\r\n"),
      "templates/b.yaml": blockMap("{{ .Values | toJson }}", "b"),
    },
    valuesFiles: ["c: three\r\n"],
  },
  {
    name: "several documents in one values file",
    files: { ...dump, "values.yaml": "a: 1\nn: {x: 1}\n---\nb: 2\nn: {y: 2}\n--- # and a comment\na: 3\n" },
    valuesFiles: ["---\n# nothing\n---\nc: 4\n"],
  },
  {
    name: "numbers, booleans and dates of YAML 1.1",
    files: {
      ...dump,
      "values.yaml":
        "big: 12345678901234567890\nlong: 1234567890123\nexp: 1e6\nfraction: 0.1\nwhole: 1.0\noctal: 0755\nhex: 0xff\nyes: yes\noff: off\ndate: 2020-01-02\ntilde: ~\nsexagesimal: 12:30\nversion: 1.10\ninf: 1000000\n",
      "templates/each.yaml": blockMap(
        "{{ range $k, $v := .Values }}\n{{ $k }}={{ $v }} {{ kindOf $v }}\n{{ end }}",
        "each",
      ),
    },
  },
  {
    name: "anchors, merges and quoted keys",
    files: {
      ...dump,
      "values.yaml":
        'base: &base {a: 1, b: [x]}\nderived:\n  <<: *base\n  b: [y]\n"dotted.key": 1\n"with space": {"": empty}\n1: number key\ntrue: bool key\n',
    },
  },
  {
    name: "a byte order mark before values and templates",
    files: { "values.yaml": "\ufeffa: 1\n", "templates/a.yaml": `\ufeff${configMap("{{ .Values.a | quote }}")}` },
  },
  {
    name: "values without a final line end at the reader's buffer size",
    files: { ...dump, "values.yaml": `a: ${"x".repeat(4093)}` },
  },
  { name: "values that are not YAML", files: { ...dump, "values.yaml": "a: [1\nb: 2\n" }, fails: true },
  { name: "a values file that is a list", files: dump, valuesFiles: ["- 1\n- 2\n"], fails: true },
  { name: "a values file that is not YAML", files: dump, valuesFiles: ["a: b: c\n"], fails: true },
  {
    name: "a values file with a document mark that is none",
    files: dump,
    valuesFiles: ["a: 1\n---b: 2\n"],
    fails: true,
  },
  {
    name: "a schema that is kept",
    files: {
      ...dump,
      "values.yaml": "port: 80\nname: web\n",
      "values.schema.json":
        '{"$schema":"https://json-schema.org/draft-07/schema#","type":"object","required":["port"],"properties":{"port":{"type":"integer","minimum":1},"name":{"type":"string","pattern":"^w"}}}',
    },
    valuesFiles: ["port: 8080\n"],
  },
  {
    name: "a schema that is broken in several places",
    files: {
      ...dump,
      "values.yaml": "port: 80\n",
      "values.schema.json":
        '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["port","host"],"additionalProperties":false,"properties":{"port":{"type":"integer","minimum":1,"maximum":65535},"host":{"type":"string","minLength":3},"mode":{"enum":["a","b"]},"list":{"type":"array","items":{"type":"string"},"uniqueItems":true}}}',
    },
    valuesFiles: ["port: 70000\nmode: c\nlist: [a, 1, a]\nextra: 1\n"],
    fails: true,
    isUnordered: true,
  },
  {
    name: "a broken schema that nobody asks for",
    files: { ...dump, "values.schema.json": '{"required":["port"]}' },
    skipSchemaValidation: true,
  },
  {
    name: "a schema that is not one",
    files: { ...dump, "values.schema.json": '{"type": "nothing"}' },
    fails: true,
  },
  { name: "a schema that is not JSON", files: { ...dump, "values.schema.json": "{type: object" }, fails: true },
  {
    name: "a schema that refers to itself",
    files: {
      ...dump,
      "values.schema.json": '{"$ref": "#/$defs/all", "$defs": {"all": {"type": "object", "maxProperties": 1}}}',
    },
    valuesFiles: ["a: 1\nb: 2\n"],
    fails: true,
  },
];
