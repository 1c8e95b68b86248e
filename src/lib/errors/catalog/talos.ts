import type { CatalogPage } from "../catalog-page.ts";
import { talosApiErrors } from "./talos-api.ts";

/** Error codes of the room `talos`. */
export const talosErrors = {
  ...talosApiErrors,
  TALOS_VERSION_UNSUPPORTED: {
    exit: 3,
    doc: "The Talos version is not one of those this Skerry writes configs for. Nothing was changed; choose a supported release in site.yaml.",
  },
  TALOS_RELEASE_UNKNOWN: {
    exit: 3,
    doc: "The table of images that each Talos release pulls of its own accord has no row for this release, so a closure cannot be proven. The message lists the releases that it has.",
  },
  TALOS_KUBERNETES_UNSUPPORTED: {
    exit: 3,
    doc: "The Talos version does not run the Kubernetes version: a node would refuse the config. The message gives the range.",
  },
  TALOS_CONFIG_INPUT_INVALID: {
    exit: 3,
    doc: "A value from which a machine config is to be made cannot be right, for example an endpoint that is not https://HOST:PORT. Nothing was written.",
  },
  TALOS_PATCH_INVALID: {
    exit: 3,
    doc: "A machine config patch cannot be applied: it deletes what is not there, puts a list where the config has a mapping, names a document kind that the Talos version does not know, or is a JSON patch (RFC 6902) for a config of several documents, which Talos refuses too. No config was changed.",
  },
} as const satisfies CatalogPage;
