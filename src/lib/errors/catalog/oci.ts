import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `oci`. */
export const ociErrors = {} as const satisfies CatalogPage;
