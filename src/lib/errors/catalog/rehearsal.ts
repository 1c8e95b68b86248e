import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of rehearsals in virtual time. */
export const rehearsalErrors = {
  REHEARSAL_FAULT_UNKNOWN: {
    exit: 2,
    doc: "A fault for a rehearsal is not one that there is, or it names a node that the site has not, or an image that the bundle does not hold. Nothing was run.",
  },
} as const satisfies CatalogPage;
