import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `talos`. */
export const talosErrors = {} as const satisfies CatalogPage;
