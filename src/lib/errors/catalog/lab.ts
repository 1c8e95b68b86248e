import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `lab`. */
export const labErrors = {} as const satisfies CatalogPage;
