import { refuseUnlisted } from "../../deployer/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import type { Site } from "../../site/index.ts";
import type { ClosurePackage } from "./closure-package.ts";
import type { PackageWorkshop } from "./package-workshop.ts";

/**
 * Renders a package with the values of every site that deploys it, and with its own defaults where none does: what it runs must be
 * listed, or nothing would bring it.
 *
 * @param options.listed - images that the bundle carries beyond its packages
 * @throws OperatorError PACKAGE_IMAGE_UNLISTED, PACKAGE_VARIABLE_INVALID, CHART_…
 */
export async function checkImages(
  pkg: ClosurePackage,
  options: {
    readonly sites: readonly Site[];
    readonly listed: readonly string[];
    readonly workshop: Pick<PackageWorkshop, "imagesOf">;
  },
): Promise<void> {
  const listedElsewhere = new Set(options.listed.map((image) => formatReference(parseReference(image))));
  const uses = options.sites.flatMap((site) =>
    site.packages.filter(({ name }) => name === pkg.name).map(({ variables }) => ({ at: site.name, variables })),
  );
  const all: readonly { readonly at?: string; readonly variables: Readonly<Record<string, string>> }[] =
    uses.length === 0 ? [{ variables: {} }] : uses;
  for (const { at, variables } of all)
    refuseUnlisted(pkg.texts.definition, await options.workshop.imagesOf(pkg, variables), {
      listedElsewhere,
      ...(at === undefined ? {} : { at: `site ${at}` }),
    });
}
