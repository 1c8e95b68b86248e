import { OperatorError } from "../../lib/errors/index.ts";
import { findImages, type UsedImage } from "../manifests/find-images.ts";
import { readObjects } from "../manifests/read-objects.ts";
import { fullReference, packageImages } from "../package/package.ts";
import { refuseUnsupported } from "../package/requirements.ts";
import { componentReleases } from "./component-release.ts";
import { openRun } from "./open-run.ts";
import type { PackageRequest } from "./request.ts";
import type { Run } from "./run.ts";
import { componentTemplates } from "./templates.ts";

/**
 * Finds what is wrong with a package and a site's values before anything is touched: components that are not there, values against
 * patterns and schema, manifests that are not objects with these values, images of manifests that nobody brings. Asks no cluster;
 * what charts make of the values is seen when they are rendered.
 *
 * @throws OperatorError DOCUMENT_INVALID, DEPLOY_…, PACKAGE_INVALID, PACKAGE_VARIABLE_…, PACKAGE_VALUES_INVALID, PACKAGE_IMAGE_UNLISTED
 */
export async function checkPackage(request: Omit<PackageRequest, "cluster" | "streams">): Promise<void> {
  refuseUnsupported(request.pkg.definition);
  const run = await openRun({ ...request, cluster: undefined }, { withoutCluster: true });
  try {
    refuseUnlistedImages(run, await usedImages(run));
  } finally {
    await run.close();
  }
}

async function usedImages(run: Run): Promise<readonly UsedImage[]> {
  const owner = { packageName: run.pkg.name, namespaceOverride: "", ignoredByAgent: false };
  const used: UsedImage[] = [];
  for (const component of run.definition.components) {
    if (component.manifests.length === 0) continue;
    const files = await run.pkg.component(component.name, { signal: run.signal });
    const templates = componentTemplates(run, component);
    for (const release of componentReleases({ owner, component, files, templates })) {
      if (release.kind !== "manifest") continue;
      const { render } = await release.prepare({ signal: run.signal }, async () => await Promise.resolve());
      if (!("rendered" in render)) continue;
      for (const { path, text } of render.rendered ?? [])
        used.push(
          ...readObjects(text, { file: `${run.pkg.name}: components/${component.name}/${path}` }).flatMap(findImages),
        );
    }
  }
  return used;
}

function refuseUnlistedImages({ definition }: Run, used: readonly UsedImage[]): void {
  const listed = new Set(packageImages({ definition }));
  const unlisted = used.filter(({ image }) => !listed.has(fullReference(image)));
  if (unlisted.length === 0) return;
  const { name } = definition.metadata;
  const images = [...new Set(unlisted.map(({ image }) => image))];
  throw new OperatorError(
    "PACKAGE_IMAGE_UNLISTED",
    `package ${name} runs images that it does not list: ${images.join(", ")}`,
    {
      problems: unlisted.map(({ image, object }) => ({ message: `${image} is run by ${object}`, where: { object } })),
      next: [`add to images of the component in the zarf.yaml of ${name}: ${images.join(", ")}`],
    },
  );
}
