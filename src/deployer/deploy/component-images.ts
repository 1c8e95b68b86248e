import { openRegistry, pushImages } from "../images/index.ts";
import { streamsOf } from "./cluster-streams.ts";
import type { ComponentRun } from "./component-run.ts";
import { imagesOf } from "./needs.ts";
import type { Site } from "./run.ts";

/** Pushes the component's images to the cluster's registry; what it has already is not sent. Nothing where they keep their names. */
export async function pushComponentImages(at: ComponentRun, site: Site): Promise<void> {
  const { run, component, signal } = at;
  const images = imagesOf(component);
  const registry = site.state?.registry;
  if (site.isConnected || registry === undefined || images.length === 0) return;
  const access = await openRegistry({
    registry,
    cluster: site.cluster,
    streams: streamsOf(site),
    signal,
  });
  try {
    await pushImages({
      images,
      content: run.pkg.images,
      registry: access,
      signal,
      onProgress: (progress) => run.tell({ kind: "images", component: component.name, progress }),
    });
  } finally {
    await access.close();
  }
}
