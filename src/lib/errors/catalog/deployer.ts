import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `deployer`. */
export const deployerErrors = {} as const satisfies CatalogPage;
