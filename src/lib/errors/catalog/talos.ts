import type { CatalogPage } from "../catalog-page.ts";
import { talosApiErrors } from "./talos-api.ts";

/** Error codes of the room `talos`. */
export const talosErrors = {
  ...talosApiErrors,
} as const satisfies CatalogPage;
