import type { KubeObject } from "../../../kube/index.ts";

/** A host with a dot or a port, a path, and a tag or digest: few other things look like that. */
const looksLikeImage =
  /(?:^|[\s"'=,(])((?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)+(?::[A-Za-z0-9_][\w.-]{0,127}|@sha256:[0-9a-f]{64}))(?=$|[\s"',)])/g;

/** Texts anywhere in objects (arguments, environment, ConfigMaps) that look like images; each once. */
export function maybeImages(objects: readonly KubeObject[]): readonly string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === "string") for (const [, image = ""] of value.matchAll(looksLikeImage)) found.add(image);
    else if (Array.isArray(value)) for (const item of value as readonly unknown[]) walk(item);
    else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) walk(item);
  };
  for (const object of objects) walk(object);
  return [...found];
}
