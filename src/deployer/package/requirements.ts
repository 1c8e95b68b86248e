import semver from "semver";
import { OperatorError } from "../../lib/errors/index.ts";
import type { PackageDefinition } from "./definition.ts";
import { zarfVersion } from "./zarf-version.ts";

/** Features are known by name; a requirement beyond the format known here may mean one that has no name here yet. */
const isBeyondKnown = (version: string): boolean => semver.valid(version) === null || semver.gt(version, zarfVersion);

/**
 * Refuses to carry out a package that needs more than is carried out here; opening and inspecting it is another thing. Requirements
 * of Zarf's versions are held against the format that is known, never against a version of ours.
 *
 * @throws OperatorError PACKAGE_FEATURE_UNSUPPORTED naming everything
 */
export function refuseUnsupported({ kind, metadata, build, components }: PackageDefinition): void {
  const found = [
    ...(kind === "ZarfInitConfig" ? ["it initialises a cluster with Zarf's own services"] : []),
    ...(build?.versionRequirements ?? [])
      .filter(({ version }) => isBeyondKnown(version))
      .map(({ version, reason }) => `it needs Zarf ${version}${reason === undefined ? "" : ` (${reason})`}`),
    ...components
      .filter(({ extensions }) => isUsed(extensions))
      .map(({ name }) => `component ${name} uses extensions, which are gone since Zarf v0.40`),
  ];
  if (found.length === 0) return;
  throw new OperatorError(
    "PACKAGE_FEATURE_UNSUPPORTED",
    `package ${metadata.name} cannot be carried out: ${found.join("; ")}`,
    {
      problems: found.map((message) => ({ message })),
      next: ["deploy this package with the zarf that it needs"],
    },
  );
}

/** Zarf writes empty structs for what is not used. */
function isUsed(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(isUsed);
  return value !== undefined && value !== null && value !== "" && value !== false;
}
