import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `site`. */
export const siteErrors = {
  SITE_SECRETS_EXIST: {
    exit: 8,
    doc: "Secrets of the site appeared while new ones were about to be written, most likely by another run. They are never replaced: a cluster cannot be reached again without them. Run the command again to use those that are there.",
  },
  SITE_SECRETS_MISSING: {
    exit: 5,
    doc: "Nodes of the site are configured already, but secrets.yaml or site-secrets.yaml is not beside site.yaml. New secrets would make a second cluster, so nothing was done. Put the files back from a copy, or reset the nodes.",
  },
  SECRET_VARIABLES_EXPOSED: {
    exit: 5,
    doc: "A file with values of sensitive variables can be read by others than its owner. Nothing of it was used. Take the rights away (chmod 600), or encrypt it with age.",
  },
  SECRET_VARIABLES_INVALID: {
    exit: 3,
    doc: "A file with values of sensitive variables is not a map of names to texts. What it holds is not shown.",
  },
  SECRET_VARIABLES_SEALED: {
    exit: 5,
    doc: "A file with values of sensitive variables is encrypted with age, and no identity was given, or none that opens it. Name the identity's file with --identity or SKERRY_IDENTITY.",
  },
} as const satisfies CatalogPage;
