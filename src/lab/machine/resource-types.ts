import definitions from "./resource-definitions.json" with { type: "json" };

/** A kind of resource as Talos 1.13.9 registers it (recorded). */
export interface ResourceType {
  readonly type: string;
  readonly namespace: string;
  readonly display: string;
  /** Readable for os:admin only. */
  readonly sensitive: boolean;
  readonly aliases: readonly string[];
  /** `Stage={.stage}` */
  readonly columns: readonly string[];
}

const rows: readonly {
  readonly type: string;
  readonly namespace: string;
  readonly display: string;
  readonly sensitive?: boolean;
  readonly aliases?: readonly string[];
  readonly columns?: readonly string[];
}[] = definitions;

/** By lower-case type, which is how a request's type is checked. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  rows.map(({ type, namespace, display, sensitive = false, aliases = [], columns = [] }) => [
    type.toLowerCase(),
    { type, namespace, display, sensitive, aliases, columns },
  ]),
);

export const namespaces: ReadonlySet<string> = new Set([
  "cluster",
  "cluster-raw",
  "config",
  "controlplane",
  "cri",
  "etcd",
  "files",
  "hardware",
  "k8s",
  "kubespan",
  "meta",
  "network",
  "network-config",
  "perf",
  "runtime",
  "secrets",
  "security",
]);

/** The spec of the ResourceDefinition that describes `of`. */
export function definitionSpec(of: ResourceType): Readonly<Record<string, unknown>> {
  const parts = of.type.toLowerCase().split(".");
  const names = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("."));
  const acronym = [...of.display]
    .filter((letter) => /[A-Z]/.test(letter))
    .join("")
    .toLowerCase();
  const short = acronym.length > 1 ? [acronym, ...(acronym.endsWith("s") ? [] : [`${acronym}s`])] : [];
  const aliases = [...of.aliases, of.display.toLowerCase(), ...short];
  return {
    type: of.type,
    displayType: of.display,
    defaultNamespace: of.namespace,
    aliases,
    allAliases: [...names, ...aliases],
    printColumns: of.columns.map((column) => {
      const [name = "", jsonPath = ""] = column.split("=", 2);
      return { name, jsonPath };
    }),
    ...(of.sensitive && { sensitivity: "sensitive" }),
  };
}
