import { blockMap, type ChartCase, configMap } from "./chart-case.ts";

const one = (name: string, template: string, more: Partial<ChartCase> = {}): ChartCase => ({
  name,
  ...more,
  files: { "templates/a.yaml": blockMap(template), ...more.files },
});

/** The template language: control, scopes, functions, everything under the dot. */
export const templateCharts: readonly ChartCase[] = [
  one(
    "range over list and map, with else",
    '{{ range $i, $v := list 1 2 3 }}{{ $i }}:{{ $v }},{{ end }}{{ range (dict "b" 2 "a" 1) }}{{ . }},{{ end }}{{ range list }}x{{ else }}none{{ end }}{{ range 3 }}{{ . }}{{ end }}',
  ),
  one(
    "range with break and continue",
    "{{ range until 10 }}{{ if eq . 3 }}{{ continue }}{{ end }}{{ if gt . 6 }}{{ break }}{{ end }}{{ . }}{{ end }}",
  ),
  one(
    "assignments inside range outlive it",
    "{{ $sum := 0 }}{{ range list 1 2 3 }}{{ $sum = add $sum . }}{{ end }}{{ $sum }}{{ with $x := 5 }}{{ $x }}{{ end }}",
  ),
  one(
    "with, else with and the dollar",
    "{{ with .Values.none }}no{{ else with .Values.a }}{{ . }} {{ $.Release.Name }}{{ else }}never{{ end }}",
    { files: { "values.yaml": "a: deep\n" } },
  ),
  one(
    "if, and, or, not, comparisons of kinds",
    '{{ if and .Values.t (or .Values.f (not .Values.n)) }}yes{{ end }}{{ eq 1 2 1 }}{{ lt 1.5 2.5 }}{{ ne "a" "b" }}{{ ge 3 3 }}',
    { files: { "values.yaml": "t: true\nf: false\n" } },
  ),
  one(
    "trimmed and kept white space",
    "a {{- 1 -}} b\n{{- /* comment */ -}}\nc {{ 2 }} d\n{{- if true }}\ne\n{{- end }}",
  ),
  one(
    "printf of everything",
    '{{ printf "%d %5.2f %q %v %t %x %05d %s %T" 42 3.14159 "q" (list 1 "a") true 255 7 "s" 1.5 }}',
  ),
  one(
    "tpl with its own definitions and the release",
    '{{ tpl .Values.text . }}|{{ tpl "{{ define \\"x\\" }}in {{ .Release.Name }}{{ end }}{{ include \\"x\\" . }}" . }}',
    { files: { "values.yaml": 'text: "{{ .Release.Name }}-{{ .Values.other | upper }}"\nother: low\n' } },
  ),
  one("tpl in tpl", "{{ tpl .Values.outer . }}", {
    files: { "values.yaml": "outer: '[{{ tpl .Values.inner . }}]'\ninner: '{{ .Chart.Name }}'\n" },
  }),
  one("include with dict and nindent", '{{ include "p" (dict "top" . "n" 3) | nindent 4 }}', {
    files: {
      "templates/_p.tpl": '{{ define "p" }}{{ range until .n }}\n- {{ $.top.Release.Name }}{{ . }}{{ end }}{{ end }}',
    },
  }),
  one("include that counts down by itself", '{{ include "down" 5 }}', {
    files: {
      "templates/_p.tpl":
        '{{ define "down" }}{{ . }}{{ if gt (int .) 0 }} {{ include "down" (sub . 1) }}{{ end }}{{ end }}',
    },
  }),
  one("template and block", '{{ template "t" . }}{{ block "b" . }}default {{ .Chart.Version }}{{ end }}', {
    files: { "templates/_p.tpl": '{{ define "t" }}T{{ end }}' },
  }),
  one(
    "Release, Chart, Template and Capabilities",
    "{{ .Release | toYaml | nindent 4 }}\n{{ .Chart.Name }} {{ .Chart.AppVersion }} {{ .Chart.IsRoot }} {{ .Chart.Annotations | toJson }}\n{{ .Template.Name }} {{ .Template.BasePath }}\n{{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Major }} {{ .Capabilities.KubeVersion.Minor }}\n{{ .Capabilities.HelmVersion.Version }} {{ .Capabilities.HelmVersion.KubeClientVersion }}",
  ),
  one("all API versions that helm knows by itself", "{{ range .Capabilities.APIVersions }}\n{{ . }}{{ end }}"),
  one(
    "given capabilities",
    '{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "example.com/v1/Site" }} {{ .Capabilities.APIVersions.Has "apps/v1" }} {{ semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}',
    { kubeVersion: "1.33.4-gke.1245000", extraApiVersions: ["example.com/v1", "example.com/v1/Site"] },
  ),
  one(
    "an upgrade",
    "{{ .Release.IsUpgrade }} {{ .Release.IsInstall }} {{ .Release.Revision }} {{ .Release.Service }}",
    { isUpgrade: true, release: "second", namespace: "elsewhere" },
  ),
  one(
    "lookup finds nothing",
    '{{ lookup "v1" "Secret" "shop" "x" | toJson }} {{ if lookup "v1" "Pod" "" "" }}some{{ else }}none{{ end }} {{ getHostByName "example.com" | quote }}',
  ),
  one(
    "strings of sprig",
    '{{ "Hello World" | upper | lower | title | untitle }} {{ "  x " | trim | repeat 3 }} {{ trunc 3 "abcdef" }}{{ trunc -2 "abcdef" }} {{ "a-b_c" | camelcase }} {{ "FooBar" | snakecase }} {{ kebabcase "FooBar" }} {{ abbrev 7 "a long text" }} {{ initials "First Try" }} {{ wrap 5 "some words here" | quote }} {{ plural "one" "many" 2 }} {{ nospace "a b c" }} {{ swapcase "aB" }} {{ cat "a" 1 true }} {{ substr 1 3 "abcde" }} {{ contains "a" "cat" }} {{ hasPrefix "a" "abc" }} {{ replace " " "-" "a b" }} {{ squote 1 "a" }} {{ quote nil "x" }}',
  ),
  one(
    "regular expressions",
    '{{ regexMatch "^[a-z]+$" "abc" }} {{ regexFindAll "[0-9]" "1a2b3" 2 }} {{ regexReplaceAll "a(x*)b" "-ab-axxb-" "$1 W" }} {{ regexReplaceAllLiteral "a(x*)b" "-ab-axxb-" "$1" }} {{ regexSplit "z+" "pizza" -1 }} {{ regexFind "[a-z][1-9]" "ab12" }} {{ regexQuoteMeta "1.2.3" }}',
  ),
  one(
    "lists",
    '{{ $l := list 1 2 3 }}{{ first $l }}{{ last $l }}{{ rest $l }}{{ initial $l }}{{ append $l 4 }}{{ prepend $l 0 }}{{ concat $l (list 5) }}{{ reverse $l }}{{ uniq (list 1 1 2) }}{{ without $l 2 }}{{ has 3 $l }}{{ slice $l 1 2 }}{{ compact (list 0 1 "") }}{{ sortAlpha (list "b" "a") }}{{ chunk 2 $l }}{{ join "-" $l }}{{ seq 1 2 7 }}{{ untilStep 0 9 3 }}{{ max 1 5 3 }}{{ index $l 1 }}{{ len $l }}',
  ),
  one(
    "dicts",
    '{{ $d := dict "a" 1 "b" (dict "c" 2) }}{{ get $d "a" }}{{ hasKey $d "z" }}{{ keys $d | sortAlpha }}{{ pick $d "a" }}{{ omit $d "a" }}{{ dig "b" "c" 0 $d }}{{ dig "x" "y" "dflt" $d }}{{ merge (dict "a" 9) $d | toJson }}{{ mergeOverwrite (dict "a" 9) $d | toJson }}{{ values (dict "k" "v") }}{{ $_ := set $d "n" 5 }}{{ $d.n }}{{ $_ := unset $d "n" }}{{ $d | toJson }}{{ pluck "a" $d (dict "a" 7) }}{{ deepCopy $d | toJson }}{{ tuple 1 "x" }}',
  ),
  one(
    "mathematics",
    '{{ add 1 2 3 }} {{ sub 5 3 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 3 }} {{ add1 4 }} {{ addf 1.5 2.25 }} {{ divf 7 2 }} {{ floor 3.7 }} {{ ceil 3.2 }} {{ round 3.14159 2 }} {{ int "42" }} {{ int64 3.9 }} {{ float64 "1.25" }} {{ atoi "7" }} {{ toDecimal "0755" }} {{ min 4 2 }} {{ 1000000 }} {{ 1e6 }} {{ mul 1024 1024 1024 }} {{ toString 1.0 }}',
  ),
  one(
    "defaults and tests of kind",
    '{{ default "d" "" }} {{ "" | default "e" }} {{ coalesce "" nil "c" }} {{ ternary "yes" "no" true }} {{ empty list }} {{ kindOf 1 }} {{ kindIs "map" (dict) }} {{ typeOf "s" }} {{ all 1 "" }} {{ any 0 1 }} {{ deepEqual (list 1) (list 1) }} {{ required "must be" "given" }} {{ fail | kindOf | default "f" }}',
    { fails: true },
  ),
  one(
    "encodings and sums",
    '{{ "text" | b64enc }} {{ "dGV4dA==" | b64dec }} {{ "x" | b32enc }} {{ sha256sum "a" }} {{ sha1sum "a" }} {{ adler32sum "a" }} {{ urlParse "http://u:p@h:80/p?q=1#f" | toJson }} {{ urlJoin (dict "scheme" "https" "host" "h" "path" "/p") }} {{ base "/a/b.c" }} {{ dir "/a/b" }} {{ ext "x.y" }} {{ clean "/a/../b" }} {{ isAbs "/a" }}',
  ),
  one(
    "dates in UTC",
    '{{ date "2006-01-02 15:04 MST" 0 }} {{ dateInZone "2006-01-02T15:04:05Z07:00" 86400 "UTC" }} {{ htmlDate 0 }} {{ duration 3661 }} {{ durationRound "2h10m5s" }} {{ toDate "2006-01-02" "2020-02-29" | date "Mon Jan _2" }} {{ toDate "2006-01-02" "2020-02-29" | unixEpoch }} {{ dateModify "+24h" (toDate "2006-01-02" "2020-02-29") | date "2006-01-02" }} {{ mustToDuration "90s" }} {{ durationMinutes "90s" }}',
  ),
  one(
    "versions",
    '{{ semver "v1.2.3-rc.1+b" | toJson }} {{ semverCompare "^1.2" "1.9.9" }} {{ semverCompare ">=1.2.0 <2" "2.0.0-rc" }} {{ (semver "1.2.3").Minor }}',
  ),
  one(
    "YAML, JSON and TOML, there and back",
    '{{ fromYaml "a: {b: [1, 2.5, x]}" | toJson }} {{ fromJson "{\\"n\\": 12345678901}" | toYaml }} {{ fromYaml "a: [" | toJson }} {{ fromJsonArray "[1, \\"a\\"]" | toYaml | nindent 4 }} {{ fromYamlArray "- 1\\n- b" | toJson }} {{ .Values | toToml | nindent 4 }} {{ toYamlPretty .Values | nindent 4 }} {{ fromToml "a = 1\\n[b]\\nc = \\"x\\"" | toJson }} {{ toPrettyJson .Values | nindent 4 }} {{ toRawJson "<&>" }} {{ toJson "<&>" }}',
    {
      files: { "values.yaml": "name: web\nports: [80, 443]\nnested: {on: true, ratio: 0.5, deep: {list: [{a: 1}]}}\n" },
    },
  ),
  one("long and odd text in toYaml", "{{ .Values | toYaml | nindent 4 }}", {
    files: {
      "values.yaml": `long: "${"word ".repeat(40)}"\nmulti: "a\\nb\\n"\ntrail: "x "\nquote: "'\\""\nhash: "# no comment"\ncolon: "a: b"\nstar: "*x"\nnum: "012"\nword: "yes"\nnothing: "null"\nempty: ""\nspace: " lead"\ntab: "a\\tb"\n`,
    },
  }),
  one(
    "missing keys give nothing",
    "[{{ .Values.a }}][{{ .Values.none }}]{{ $m := dict }}[{{ $m.x }}][{{ .Values.map.none }}]",
    { files: { "values.yaml": "map: {}\n" } },
  ),
  one(
    "unicode in names, values and functions",
    '{{ .Values.größe }} {{ "日本語" | len }} {{ trunc 2 "日本語" | quote }} {{ "straße" | upper }} {{ .Values.emoji | quote }} {{ printf "%c %U" 9731 9731 }}',
    {
      files: { "values.yaml": 'größe: "übergroß ✓"\nemoji: "🚀 𝔘"\n', "templates/ünïcode.yaml": configMap("ok", "u") },
    },
  ),
  one(
    "comments, raw strings and pipes in lines",
    '{{/* a\ncomment */}}{{ `raw {{ text }}` }} {{ "a"\n  | upper\n  | quote }}',
  ),
  one(
    "shapes of certificates and passwords",
    '{{ $ca := genCA "ca" 365 }}{{ $c := genSignedCert "cn" (list "10.0.0.1") (list "a.b") 365 $ca }}{{ contains "BEGIN CERTIFICATE" $c.Cert }} {{ len (randAlphaNum 12) }} {{ len (uuidv4) }} {{ contains "BEGIN RSA" (genPrivateKey "rsa") }} {{ contains "BEGIN EC" (genPrivateKey "ecdsa") }} {{ hasPrefix "$2" (bcrypt "x") }} {{ hasPrefix "user:$2" (htpasswd "user" "x") }} {{ derivePassword 1 "long" "p" "u" "s" }} {{ decryptAES "k" (encryptAES "k" "text") }} {{ len (randBytes 8 | b64dec) }}',
  ),
];
