/** One chart, what is given with it, and what is asked of it: the same for the engine and for the real helm. */
export interface ChartCase {
  readonly name: string;
  /** By path below the chart's folder. A Chart.yaml is added where there is none. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Texts of `-f` files, in order. */
  readonly valuesFiles?: readonly string[];
  /** default: web */
  readonly release?: string;
  /** default: shop */
  readonly namespace?: string;
  readonly kubeVersion?: string;
  readonly extraApiVersions?: readonly string[];
  readonly isUpgrade?: boolean;
  readonly includeCrds?: boolean;
  readonly skipSchemaValidation?: boolean;
  /** Whether helm ends in an error. Default: it renders. */
  readonly fails?: true;
  /** Helm itself says the lines of its error now in this order, now in that. */
  readonly isUnordered?: true;
}

export const chartYaml = (name = "web", more = ""): string =>
  `apiVersion: v2\nname: ${name}\nversion: 1.2.3\nappVersion: "4.5"\n${more}`;

/** A ConfigMap of one key, whose value is what a template gives. */
export const configMap = (template: string, name = "a"): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: ${template}\n`;

/** A ConfigMap whose value is a block of text. */
export const blockMap = (template: string, name = "a"): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: |-\n${template
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n")}\n`;

/** Files with the Chart.yaml that every chart has. */
export function filesOf(chart: ChartCase): ReadonlyMap<string, Uint8Array> {
  const files = { "Chart.yaml": chartYaml(), ...chart.files };
  return new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
}
