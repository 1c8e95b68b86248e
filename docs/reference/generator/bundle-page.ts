import { bundleJsonSchema } from "../../../src/bundle/index.ts";
import { schemaPage } from "./schema-page.ts";

/** The example of the page; a test loads it. */
export const bundleExample: readonly string[] = [
  "apiVersion: skerry.dev/v1alpha1",
  "kind: Bundle",
  "name: windpark",
  "architectures: [amd64]",
  "sites: [sites/*/site.yaml]",
  "packages:",
  "  - {path: packages/demo}",
  "images: [docker.io/library/busybox:1.37]",
  "sign: {key: windpark.key}",
];

/** bundle.md. */
export function bundlePage(): string {
  return schemaPage({
    title: "bundle.yaml",
    source: "src/bundle/definition/schema.ts",
    schema: bundleJsonSchema(),
    schemaFile: "bundle.schema.json",
    intro: [
      "What goes into a bundle. `skerry bundle create` computes the closure of the sites (everything they will ever pull), adds what is named here, and seals it into one file, `NAME.bundle.tar` ([its layout](files.md#the-bundle-file)). Making a bundle needs no secrets of a site.",
    ],
    example: bundleExample,
    rules: [
      "It names something to carry: sites, `talos` and `kubernetes`, packages or images.",
      "`talos` and `kubernetes` are given together or not at all.",
      "A package has exactly one of `path`, `file` and `oci`.",
      "A boot asset has exactly one of `path` and `url`; with `url` it has a `digest`. Kind, architecture and schematic together are unique.",
      "Every file that is named exists, and every pattern under `sites` matches at least one file.",
    ],
  });
}
