import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `bundle`. */
export const bundleErrors = {} as const satisfies CatalogPage;
