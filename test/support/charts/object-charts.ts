import { blockMap, type ChartCase, chartYaml, configMap } from "./chart-case.ts";

const object = (kind: string, name: string, annotations = ""): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n${annotations === "" ? "" : `  annotations:\n${annotations}`}`;
const hook = (kind: string, name: string, event: string, more = ""): string =>
  object(kind, name, `    helm.sh/hook: ${event}\n${more}`);

const kinds = [
  "Ingress",
  "Deployment",
  "Service",
  "ValidatingWebhookConfiguration",
  "Secret",
  "Namespace",
  "Site",
  "ConfigMap",
  "ClusterRoleBinding",
  "ClusterRole",
  "RoleBinding",
  "Role",
  "CustomResourceDefinition",
  "ServiceAccount",
  "Job",
  "CronJob",
  "StatefulSet",
  "DaemonSet",
  "Pod",
  "PersistentVolumeClaim",
  "PersistentVolume",
  "StorageClass",
  "PriorityClass",
  "NetworkPolicy",
  "ResourceQuota",
  "LimitRange",
  "PodDisruptionBudget",
  "IngressClass",
  "APIService",
  "HorizontalPodAutoscaler",
  "ReplicaSet",
  "MutatingWebhookConfiguration",
  "Another",
  "SecretList",
];

/** What comes out: documents, order of kinds, hooks, notes, files of the chart. */
export const objectCharts: readonly ChartCase[] = [
  {
    name: "every kind in helm's order",
    files: Object.fromEntries(kinds.map((kind, index) => [`templates/${index}.yaml`, object(kind, `n${index}`)])),
  },
  {
    name: "several documents in a file, some empty, some comments",
    files: {
      "templates/a.yaml": `---\n${object("Service", "s")}---\n\n---\n# only a comment\n---   \n${object("Secret", "x")}\n---\n---\n${object("ConfigMap", "c")}...\n`,
    },
  },
  {
    name: "a document mark that sticks to its document",
    files: {
      "templates/a.yaml": `${object("Secret", "x")}---apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: glued\n`,
    },
  },
  {
    name: "documents without a kind, names or values",
    files: { "templates/a.yaml": "just: data\n---\nkind: OnlyKind\n---\nmetadata: {}\n---\n[]\n" },
    fails: true,
  },
  {
    name: "lists of objects and JSON",
    files: {
      "templates/list.yaml":
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: in-list}\n",
      "templates/j.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"}}',
      "templates/other.txt": object("ConfigMap", "txt"),
    },
  },
  {
    name: "empty templates and templates that render to nothing",
    files: {
      "templates/empty.yaml": "",
      "templates/space.yaml": "  \n\n",
      "templates/off.yaml": "{{ if false }}\nkind: Never\n{{ end }}\n",
      "templates/a.yaml": configMap("one"),
      "templates/_only.tpl": '{{ define "x" }}{{ end }}',
      "templates/sub/_private.yaml": "kind: Never\n",
    },
  },
  { name: "nothing but notes", files: { "templates/NOTES.txt": "Hello {{ .Release.Name }}!\n" } },
  { name: "no templates at all", files: { "README.md": "nothing\n" } },
  {
    name: "notes of chart and subchart",
    files: {
      "templates/NOTES.txt": "parent {{ .Chart.Name }}\n",
      "charts/s/Chart.yaml": chartYaml("s"),
      "charts/s/templates/NOTES.txt": "child\n",
      "charts/s/templates/a.yaml": configMap("x"),
    },
  },
  {
    name: "hooks of every kind with weights and policies",
    files: {
      "templates/hooks.yaml": [
        "pre-install",
        "post-install",
        "pre-upgrade",
        "post-upgrade",
        "pre-rollback",
        "post-rollback",
        "pre-delete",
        "post-delete",
        "test",
        "test-success",
      ]
        .map((event, index) =>
          hook(
            "Job",
            `h${index}`,
            event,
            `    helm.sh/hook-weight: "${5 - index}"\n    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded\n    helm.sh/hook-output-log-policy: hook-failed, hook-succeeded\n`,
          ),
        )
        .join("---\n"),
      "templates/a.yaml": configMap("one"),
    },
  },
  {
    name: "hooks of several events, odd weights and unknown events",
    files: {
      "templates/b.yaml": `${hook("Pod", "p", "pre-install, PRE-UPGRADE", '    helm.sh/hook-weight: "x"\n')}---\n${hook("Secret", "s", "pre-install", '    helm.sh/hook-weight: "-10"\n')}---\n${hook("Job", "never", "crd-install")}---\n${hook("Job", "half", "pre-install,unknown")}---\n${object("ConfigMap", "kept", "    helm.sh/resource-policy: keep\n")}`,
      "templates/a.yaml": `${hook("ServiceAccount", "sa", "pre-install")}---\n${hook("Job", "j", "test", "    helm.sh/hook-delete-policy: HOOK-FAILED\n")}`,
    },
  },
  {
    name: "Files: Get, Lines, Glob, AsConfig, AsSecrets, bytes that are no text",
    files: {
      "templates/a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: f\ndata:\n  get: {{ .Files.Get "config/app.ini" | quote }}\n  none: {{ .Files.Get "none" | quote }}\n{{ (.Files.Glob "config/*").AsConfig | indent 2 }}\n{{ range $path, $_ := .Files.Glob "**.ini" }}  # {{ $path }}\n{{ end }}{{ range .Files.Lines "config/app.ini" }}  # {{ . }}\n{{ end }}---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n{{ (.Files.Glob "secret/**").AsSecrets | indent 2 }}\n  bytes: {{ .Files.GetBytes "bin/data" | toString | b64enc }}\n`,
      "config/app.ini": "[a]\nkey = value\n",
      "config/other.yaml": "x: {{ not rendered }}\n",
      "config/deep/three.ini": "deep\n",
      "secret/token": "hunter2",
      "bin/data": Uint8Array.of(0, 1, 2, 250, 255, 254, 10, 13),
    },
  },
  {
    name: ".helmignore and what is always ignored",
    files: {
      ".helmignore": "# comment\n*.bak\n/secret/\ndocs/*.md\n",
      "a.bak": "no",
      "secret/x": "no",
      "docs/a.md": "no",
      "docs/b.txt": "yes",
      "templates/.hidden.yaml": "kind: Hidden\n",
      "templates/a.yaml": blockMap('{{ range $p, $_ := .Files.Glob "**" }}\n{{ $p }}{{ end }}'),
    },
  },
  {
    name: "folders below templates",
    files: {
      "templates/z/a.yaml": configMap("z", "z"),
      "templates/a/z.yaml": configMap("az", "az"),
      "templates/b.yaml": configMap("b", "b"),
      "templates/a/b/c.yaml": configMap("abc", "abc"),
    },
  },
  {
    name: "block scalars, quotes and comments stay as written",
    files: {
      "templates/a.yaml":
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "a",   labels: {b: \'c\'}}   # comment\ndata:\n  folded: >-\n    one\n    two\n\n    three\n  literal: |+\n    keep\n\n  script: |\n    #!/bin/sh\n    echo "{{ .Release.Name }}"\n\n',
    },
  },
  {
    name: "a big chart",
    files: {
      ...Object.fromEntries(
        Array.from({ length: 150 }, (_, index) => [
          `templates/m${index}.yaml`,
          `{{- range $i := until 10 }}\n---\n${configMap('{{ printf "%d" $i | quote }}', `m${index}-{{ $i }}`)}{{- end }}\n`,
        ]),
      ),
    },
  },
  {
    name: "a large value through many functions",
    files: {
      "values.yaml": `text: |\n${Array.from({ length: 2000 }, (_, index) => `  line ${index} of a long text`).join("\n")}\n`,
      "templates/a.yaml": configMap("{{ .Values.text | b64enc }}"),
    },
  },
  {
    name: "a deprecated chart of v1 without apiVersion",
    files: {
      "Chart.yaml": "name: web\nversion: 0.1.0\ndeprecated: true\n",
      "templates/a.yaml": configMap("{{ .Chart.APIVersion }} {{ .Chart.Deprecated }}"),
    },
  },
  {
    name: "all of Chart.yaml",
    files: {
      "Chart.yaml": chartYaml(
        "web",
        "description: some\nkubeVersion: '>=1.20.0-0'\nkeywords: [a, b]\nhome: https://example.com\nsources: [https://example.com/src]\nmaintainers:\n- {name: someone, email: s@example.com}\nicon: https://example.com/i.png\nannotations: {a/b: c}\n",
      ),
      "templates/a.yaml": blockMap(
        "{{ .Chart.Description }} {{ .Chart.Keywords }} {{ .Chart.Home }} {{ .Chart.Sources }} {{ range .Chart.Maintainers }}{{ .Name }} {{ .Email }}{{ end }} {{ .Chart.Icon }} {{ .Chart.Annotations }} {{ .Chart.Type }} {{ .Chart.KubeVersion }}",
      ),
    },
  },
  {
    name: "a Kubernetes that the chart accepts",
    files: {
      "Chart.yaml": chartYaml("web", "kubeVersion: '>= 1.30.0 < 2'\n"),
      "templates/a.yaml": configMap("{{ .Capabilities.KubeVersion }}"),
    },
    kubeVersion: "v1.36.3",
  },
];
