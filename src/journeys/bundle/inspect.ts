import { type BundleContentsList, inspectBundle, openBundle } from "../../bundle/index.ts";
import type { JourneyWorld } from "../world.ts";

/** What a bundle holds; opens it and hashes nothing. */
export async function bundleInspect(
  request: { readonly file: string },
  world: JourneyWorld,
): Promise<BundleContentsList> {
  const bundle = await openBundle(request.file, { signal: world.signal });
  try {
    return inspectBundle(bundle);
  } finally {
    await bundle.close();
  }
}
