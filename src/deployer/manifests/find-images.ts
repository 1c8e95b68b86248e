import { type KubeObject, objectName } from "../../kube/index.ts";

const containerLists = new Set(["containers", "initContainers", "ephemeralContainers"]);

/** An image that an object runs, as the object writes it. */
export interface UsedImage {
  readonly image: string;
  /** `Kind/namespace/name` of the object */
  readonly object: string;
}

function* imagesIn(value: unknown, key: string): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      const image: unknown = (item as { readonly image?: unknown } | null)?.image;
      if (containerLists.has(key) && typeof image === "string") yield image;
      // A volume of an image: {name, image: {reference}}
      const reference: unknown = (image as { readonly reference?: unknown } | null | undefined)?.reference;
      if (key === "volumes" && typeof reference === "string") yield reference;
      yield* imagesIn(item, "");
    }
  } else if (typeof value === "object" && value !== null)
    for (const [name, item] of Object.entries(value)) yield* imagesIn(item, name);
}

/**
 * Images that an object runs: of containers and image volumes wherever a Pod's spec is in it (workloads, CronJobs, custom kinds
 * that embed one).
 */
export function findImages(object: KubeObject): readonly UsedImage[] {
  return [...new Set(imagesIn(object, ""))].map((image) => ({ image, object: objectName(object) }));
}
