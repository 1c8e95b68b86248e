import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `cli`. */
export const cliErrors = {} as const satisfies CatalogPage;
