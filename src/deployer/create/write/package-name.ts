import type { PackageDefinition } from "../../package/definition.ts";

/** The file name that Zarf gives a package: `zarf-package-web-amd64-1.0.0.tar.zst`. */
export function packageFileName({ kind, metadata, build }: PackageDefinition): string {
  const architecture = build?.architecture ?? metadata.architecture ?? "";
  const base =
    kind === "ZarfInitConfig" ? `zarf-init-${architecture}` : `zarf-package-${metadata.name}-${architecture}`;
  const version = build?.differential
    ? `-${build.differentialPackageVersion ?? ""}-differential-${metadata.version ?? ""}`
    : metadata.version === undefined
      ? ""
      : `-${metadata.version}`;
  const flavor = build?.flavor === undefined ? "" : `-${build.flavor}`;
  return `${base}${version}${flavor}${metadata.uncompressed ? ".tar" : ".tar.zst"}`;
}
