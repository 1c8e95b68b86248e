import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `site`. */
export const siteErrors = {} as const satisfies CatalogPage;
