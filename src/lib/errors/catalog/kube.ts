import type { CatalogPage } from "../catalog-page.ts";

/** Error codes of the room `kube`. */
export const kubeErrors = {} as const satisfies CatalogPage;
