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
} as const satisfies CatalogPage;
