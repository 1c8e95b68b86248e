import { blockMap, type ChartCase, chartYaml, configMap } from "./chart-case.ts";

const dump = (name: string): string => blockMap("{{ .Values | toYaml | nindent 4 }}\n{{ .Chart.Name }}", name);
const database = {
  "charts/database/Chart.yaml": chartYaml("database"),
  "charts/database/values.yaml":
    "size: 1\nlabels: {tier: data}\nexports: {shared: {port: 5432}}\nservice: {port: 5432, name: db}\n",
  "charts/database/templates/a.yaml": dump("database"),
};
const parent = (dependencies: string): string => chartYaml("web", `dependencies:\n${dependencies}`);
const shown = { "templates/a.yaml": dump("web") };

/** Charts in charts: conditions, tags, aliases, imports, globals, libraries. */
export const subcharts: readonly ChartCase[] = [
  { name: "a subchart without a word about it", files: { ...database, ...shown } },
  {
    name: "a subchart with values from its parent",
    files: { ...database, ...shown, "values.yaml": "database: {size: 5, labels: {tier: null, more: x}}\n" },
    valuesFiles: ["database: {size: 9}\n"],
  },
  {
    name: "a condition that holds, and one that does not",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": parent(
        "- {name: database, version: 1.x, condition: database.enabled}\n- {name: cache, version: '>=1.0.0', condition: 'cache.on,cache.enabled'}\n",
      ),
      "charts/cache/Chart.yaml": chartYaml("cache"),
      "charts/cache/templates/a.yaml": dump("cache"),
      "values.yaml": "database: {enabled: true}\ncache: {enabled: false}\n",
    },
  },
  {
    name: "a condition from a values file",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": parent("- {name: database, version: 1.2.3, condition: database.enabled}\n"),
      "values.yaml": "database: {enabled: true}\n",
    },
    valuesFiles: ["database: {enabled: false}\n"],
  },
  {
    name: "tags, and a condition that outranks them",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": parent(
        "- {name: database, version: 1.2.3, tags: [back, data]}\n- {name: cache, version: 1.2.3, tags: [back], condition: cache.enabled}\n",
      ),
      "charts/cache/Chart.yaml": chartYaml("cache"),
      "charts/cache/templates/a.yaml": dump("cache"),
      "values.yaml": "tags: {back: false, data: true}\ncache: {enabled: true}\n",
    },
    valuesFiles: ["tags: {data: false}\n"],
  },
  {
    name: "a condition that is not a boolean",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": parent("- {name: database, version: 1.2.3, condition: database.enabled}\n"),
      "values.yaml": "database: {enabled: 'no'}\n",
    },
  },
  {
    name: "one subchart under two aliases",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": parent(
        "- {name: database, version: 1.2.3, alias: orders}\n- {name: database, version: 1.2.3, alias: users, condition: users.enabled}\n",
      ),
      "values.yaml": "orders: {size: 2}\nusers: {size: 3, enabled: true}\n",
    },
  },
  {
    name: "values imported from a subchart, by name and by path",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": parent(
        "- name: database\n  version: 1.2.3\n  import-values:\n  - shared\n  - {child: service, parent: db.service}\n",
      ),
      "values.yaml": "db: {service: {name: mine}}\n",
      "charts/database/values.yaml": "exports: {shared: {shared: {port: 5432}}}\nservice: {port: 5432, name: db}\n",
    },
  },
  {
    name: "globals go down and not up",
    files: {
      ...database,
      ...shown,
      "values.yaml": "global: {site: north, nested: {a: 1}}\n",
      "charts/database/values.yaml": "global: {site: south, nested: {b: 2}, own: x}\n",
      "charts/database/charts/deep/Chart.yaml": chartYaml("deep"),
      "charts/database/charts/deep/templates/a.yaml": dump("deep"),
    },
    valuesFiles: ["global: {from: file}\ndatabase: {global: {nested: {c: 3}}}\n"],
  },
  {
    name: "a library chart",
    files: {
      "Chart.yaml": parent("- {name: common, version: 1.2.3}\n"),
      "charts/common/Chart.yaml": chartYaml("common", "type: library\n"),
      "charts/common/templates/_helpers.tpl":
        '{{- define "common.labels" -}}\napp: {{ .Chart.Name }}\nrelease: {{ .Release.Name }}\n{{- end -}}\n',
      "charts/common/templates/never.yaml": "kind: Never\n",
      "charts/common/values.yaml": "exports: {defaults: {color: red}}\n",
      "templates/a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    {{- include "common.labels" . | nindent 4 }}\n`,
    },
  },
  {
    name: "a subchart's template of the same name as its parent's",
    files: {
      ...database,
      "templates/_h.tpl": '{{ define "name" }}from the parent{{ end }}',
      "charts/database/templates/_h.tpl": '{{ define "name" }}from the subchart{{ end }}',
      "templates/a.yaml": configMap('{{ include "name" . }}', "p"),
      "charts/database/templates/a.yaml": configMap('{{ include "name" . }}', "s"),
    },
  },
  {
    name: "the parent reaches into .Subcharts",
    files: {
      ...database,
      "templates/a.yaml": configMap(
        "{{ .Subcharts.database.Values.service.name | quote }} # {{ .Subcharts.database.Chart.Version }}",
      ),
    },
  },
  {
    name: "requirements.yaml of a v1 chart",
    files: {
      ...database,
      ...shown,
      "Chart.yaml": "apiVersion: v1\nname: web\nversion: 0.1.0\n",
      "requirements.yaml": "dependencies:\n- {name: database, version: 1.2.3, condition: database.enabled}\n",
      "values.yaml": "database: {enabled: false}\n",
    },
  },
  {
    name: "a schema in a subchart that is broken",
    files: {
      ...database,
      ...shown,
      "charts/database/values.schema.json": '{"properties": {"size": {"type": "string"}}}',
      "values.schema.json": '{"required": ["x"]}',
    },
    fails: true,
  },
  {
    name: "a dependency that is not inside",
    files: { ...shown, "Chart.yaml": parent("- {name: gone, version: 1.2.3}\n- {name: away, version: 1.2.3}\n") },
    fails: true,
  },
  { name: "a library alone", files: { ...shown, "Chart.yaml": chartYaml("web", "type: library\n") }, fails: true },
  {
    name: "CRDs of chart and subchart",
    files: {
      ...database,
      "crds/site.yaml":
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: sites.example.com\n",
      "crds/two.yaml": "# {{ not a template }}\nkind: A\n---\nkind: B\n",
      "charts/database/crds/db.yaml": "kind: CustomResourceDefinition\nmetadata: {name: dbs.example.com}",
      "templates/a.yaml": configMap("one"),
    },
    includeCrds: true,
  },
  {
    name: "CRDs that are not asked for",
    files: { "crds/site.yaml": "kind: CustomResourceDefinition\n", "templates/a.yaml": configMap("one") },
  },
];
