import type { Package } from "../package/package.ts";
import { renderPackage } from "./render.ts";
import type { PackageVariables } from "./variables.ts";

/**
 * Finds what is wrong with a package and a site's values before anything is touched: values against patterns, manifests that are
 * not objects with these values, images that nobody brings. Asks no cluster.
 *
 * @throws OperatorError DOCUMENT_INVALID, PACKAGE_INVALID, PACKAGE_VARIABLE_INVALID, PACKAGE_FEATURE_UNSUPPORTED,
 *   PACKAGE_IMAGE_UNLISTED
 */
export function checkPackage(pkg: Package, variables: PackageVariables): void {
  renderPackage(pkg, { variables, components: "deployed" });
}
