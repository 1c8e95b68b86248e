import { createHash } from "node:crypto";
import type { Digest } from "../../../oci/index.ts";
import type { Sbom, SbomItem } from "./read-sboms.ts";

/** The package that a bill of materials is of. */
export interface SbomPackage {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  /** RFC 3339: when the package was made. */
  readonly created: string;
}

/** A UUID that is always the same for the same words, so that the same package gives the same files. */
function uuidOf(...words: readonly string[]): string {
  const hex = createHash("sha256").update(words.join("\0")).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16).padStart(2, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

/** One image's or component's bill of materials in CycloneDX 1.6. @see https://cyclonedx.org/docs/1.6/json/ */
export function toCycloneDx(sbom: Sbom, pkg: SbomPackage): object {
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf("cyclonedx", pkg.digest, sbom.file)}`,
    version: 1,
    metadata: {
      timestamp: pkg.created,
      tools: { components: [{ type: "application", name: "skerry" }] },
      component: { "bom-ref": "subject", type: sbom.kind === "image" ? "container" : "file", name: sbom.subject },
      properties: [{ name: "skerry:package", value: `${pkg.name} ${pkg.version}`.trim() }],
    },
    components: sbom.items.map((item, index) => ({
      "bom-ref": `item-${index + 1}`,
      type: item.type === "binary" ? "application" : "library",
      name: item.name,
      ...(item.version === "" ? {} : { version: item.version }),
      ...(item.purl === undefined ? {} : { purl: item.purl }),
      ...licensesOf(item),
    })),
    dependencies: [{ ref: "subject", dependsOn: sbom.items.map((_, index) => `item-${index + 1}`) }],
  };
}

/** Either one expression of SPDX or names; never both. */
function licensesOf({ licenses }: SbomItem): object {
  if (licenses.length === 0) return {};
  const expressions = licenses.map(({ expression }) => expression);
  if (expressions.every((expression) => expression !== undefined))
    return { licenses: [{ expression: conjunction(expressions) }] };
  return { licenses: licenses.map(({ value }) => ({ license: { name: value } })) };
}

function conjunction(expressions: readonly string[]): string {
  const all = [...new Set(expressions)];
  const [only = ""] = all;
  return all.length === 1 ? only : all.map((each) => (each.includes(" ") ? `(${each})` : each)).join(" AND ");
}

/** The same in SPDX 2.3. @see https://spdx.github.io/spdx-spec/v2.3/ */
export function toSpdx(sbom: Sbom, pkg: SbomPackage): object {
  const named = new Map<string, string>();
  const referenceOf = (value: string): string => {
    const known =
      named.get(value) ?? `LicenseRef-${value.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 60)}-${named.size + 1}`;
    named.set(value, known);
    return known;
  };
  const declared = ({ licenses }: SbomItem): string =>
    licenses.length === 0
      ? "NOASSERTION"
      : conjunction(licenses.map(({ value, expression }) => expression ?? referenceOf(value)));
  const unknown = { downloadLocation: "NOASSERTION", filesAnalyzed: false, copyrightText: "NOASSERTION" };
  const packages = sbom.items.map((item, index) => ({
    SPDXID: `SPDXRef-Item-${index + 1}`,
    name: item.name,
    ...(item.version === "" ? {} : { versionInfo: item.version }),
    ...unknown,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: declared(item),
    ...(item.purl === undefined
      ? {}
      : {
          externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: item.purl }],
        }),
  }));
  const relate = (type: string, from: string, to: string) => ({
    spdxElementId: from,
    relationshipType: type,
    relatedSpdxElement: to,
  });
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: sbom.subject,
    documentNamespace: `urn:uuid:${uuidOf("spdx", pkg.digest, sbom.file)}`,
    creationInfo: { created: pkg.created, creators: ["Tool: skerry"] },
    packages: [{ SPDXID: "SPDXRef-Subject", name: sbom.subject, ...unknown }, ...packages],
    ...(named.size === 0
      ? {}
      : {
          hasExtractedLicensingInfos: [...named].map(([value, licenseId]) => ({
            licenseId,
            extractedText: value,
            name: value,
          })),
        }),
    relationships: [
      relate("DESCRIBES", "SPDXRef-DOCUMENT", "SPDXRef-Subject"),
      ...packages.map(({ SPDXID }) => relate("CONTAINS", "SPDXRef-Subject", SPDXID)),
    ],
  };
}
