import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `journeys`. */
export const journeysErrors = {} as const satisfies CatalogPage;
