import { siteJsonSchema } from "../../../src/site/index.ts";
import { schemaPage } from "./schema-page.ts";

/** The example of the page; a test loads it. */
export const siteExample: readonly string[] = [
  "apiVersion: skerry.dev/v1alpha1",
  "kind: Site",
  "name: windpark-7",
  "talos: v1.13.9",
  "kubernetes: v1.36.3",
  "endpoint: 10.5.0.100",
  "virtualIP: true",
  "network: {gateway: 10.5.0.1, prefix: 24}",
  "nodes:",
  '  - {name: cp-1, role: controlplane, address: 10.5.0.2, link: "52:54:00:00:00:02", disk: {serial: S6B0NX0T}}',
  '  - {name: cp-2, role: controlplane, address: 10.5.0.3, link: "52:54:00:00:00:03", disk: {type: nvme, size: ">= 200 GB"}}',
  '  - {name: cp-3, role: controlplane, address: 10.5.0.4, link: "52:54:00:00:00:04", disk: {path: /dev/sda}}',
  "  - {name: w-1, role: worker, address: 10.5.0.5, disk: {serial: S6B0NX1K}, patches: [gpu.yaml]}",
  "trust: {keys: [windpark.pub]}",
  "packages:",
  "  - {name: demo, variables: {DOMAIN: windpark-7.example}}",
];

/** site.md. */
export function sitePage(): string {
  return schemaPage({
    title: "site.yaml",
    source: "src/site/schema.ts",
    schema: siteJsonSchema(),
    schemaFile: "site.schema.json",
    intro: [
      "One site: the machines of one cluster and what they are to become. It holds no secrets; those lie beside it ([files](files.md#beside-siteyaml)). `skerry init` writes one with comments to start from.",
    ],
    example: siteExample,
    rules: [
      "At least one node has the role `controlplane`.",
      "Names, addresses (`address` and `maintenanceAddress` together) and links of nodes are unique.",
      "A `disk` gives at least one of its fields; all that are given must match.",
      "With `virtualIP: true`, every control plane has its `link`, and `endpoint` is no node's own address.",
      "With several control planes and no virtual IP, `endpoint` is not the address of one of them: the cluster would end with that machine.",
    ],
  });
}
