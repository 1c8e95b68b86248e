import { bundleErrors } from "./catalog/bundle.ts";
import { cliErrors } from "./catalog/cli.ts";
import { deployerErrors } from "./catalog/deployer.ts";
import { journeysErrors } from "./catalog/journeys.ts";
import { kubeErrors } from "./catalog/kube.ts";
import { labErrors } from "./catalog/lab.ts";
import { libErrors } from "./catalog/lib.ts";
import { ociErrors } from "./catalog/oci.ts";
import { partsErrors } from "./catalog/parts.ts";
import { rehearsalErrors } from "./catalog/rehearsal.ts";
import { siteErrors } from "./catalog/site.ts";
import { talosErrors } from "./catalog/talos.ts";

/** Every error code there is, with its exit code and its paragraph; `docs/reference/errors.md` is made from it. */
export const errorCatalog = {
  ...libErrors,
  ...ociErrors,
  ...kubeErrors,
  ...siteErrors,
  ...talosErrors,
  ...bundleErrors,
  ...deployerErrors,
  ...journeysErrors,
  ...labErrors,
  ...rehearsalErrors,
  ...partsErrors,
  ...cliErrors,
} as const;

export type ErrorCode = keyof typeof errorCatalog;
