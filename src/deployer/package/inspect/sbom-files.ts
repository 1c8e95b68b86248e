import type { OpenPackage } from "../open-package.ts";
import { publishedAnnotations } from "../published-manifest.ts";
import { listedImages } from "./describe-package.ts";
import type { FlatFile } from "./flat-archive.ts";
import { readSboms, type Sbom } from "./read-sboms.ts";
import { type SbomPackage, toCycloneDx, toSpdx } from "./sbom-formats.ts";
import { sbomPage } from "./sbom-page.ts";

export interface PackageSboms {
  /** Empty: the package carries no bill of materials. */
  readonly sboms: readonly Sbom[];
  /** `index.html`, and `<name>.cdx.json` and `<name>.spdx.json` for every image and component. The same package gives the same bytes. */
  readonly files: readonly FlatFile[];
}

/**
 * The bill of materials of a package, as files for people and for tools.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_TOO_LARGE, PACKAGE_DAMAGED
 */
export async function packageSboms(
  pkg: Pick<OpenPackage, "name" | "version" | "digest" | "definition" | "files" | "openFile">,
  call: { readonly signal: AbortSignal },
): Promise<PackageSboms> {
  const created = publishedAnnotations(pkg.definition)["org.opencontainers.image.created"] ?? "";
  const about: SbomPackage = { name: pkg.name, version: pkg.version, digest: pkg.digest, created };
  const sboms: Sbom[] = [];
  for await (const sbom of readSboms(pkg, call)) sboms.push(sbom);
  const images = listedImages(pkg.definition);
  const json = (value: object) => Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
  return {
    sboms,
    files: [
      { name: "index.html", bytes: Buffer.from(sbomPage(about, sboms, { images })) },
      ...sboms.flatMap((sbom) => [
        { name: `${sbom.file}.cdx.json`, bytes: json(toCycloneDx(sbom, about)) },
        { name: `${sbom.file}.spdx.json`, bytes: json(toSpdx(sbom, about)) },
      ]),
    ],
  };
}
