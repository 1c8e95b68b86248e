import type { ClosureImageInput, LoadedDefinition } from "../../bundle/index.ts";
import { loadSite, type Site } from "../../site/index.ts";
import { talosImages } from "../../talos/config/index.ts";
import { siteImages } from "../site-images.ts";
import { checkImages } from "./check-images.ts";
import type { ClosurePackage } from "./closure-package.ts";
import type { PackageWorkshop } from "./package-workshop.ts";

/** Everything the sites of a definition will ever pull. */
export interface ComputedClosure {
  readonly images: readonly ClosureImageInput[];
  readonly packages: readonly ClosurePackage[];
  readonly versions: readonly { readonly talos: string; readonly kubernetes: string }[];
}

/**
 * Computes a closure: every machine config of every site rendered, every package built, the table of what Talos itself pulls,
 * and what the definition adds. Reads no secrets.
 *
 * @throws OperatorError DOCUMENT_INVALID, PACKAGE_…, TALOS_RELEASE_UNKNOWN
 */
export async function computeClosure(loaded: LoadedDefinition, workshop: PackageWorkshop): Promise<ComputedClosure> {
  const { definition } = loaded;
  const sites = await Promise.all(loaded.siteFiles.map(loadSite));
  const packages: ClosurePackage[] = [];
  for (const source of loaded.packages) packages.push(await workshop.take(source, architectureOf(loaded)));
  for (const pkg of packages) await checkImages(pkg, { sites, listed: definition.images, workshop });
  const perSite = await Promise.all(sites.map((site) => siteImages(site)));
  const images: ClosureImageInput[] = [
    ...perSite.flatMap((found) => [...found].map(([reference, why]) => ({ reference, why }))),
    ...outright(definition).map(({ reference, why }) => ({ reference, why: [why] })),
    ...packages.flatMap((built) => built.images.map((reference) => ({ reference, why: [`package ${built.name}`] }))),
    ...definition.images.map((reference) => ({ reference, why: ["images of bundle.yaml"] })),
  ];
  return { images, packages, versions: versionsOf(loaded, sites) };
}

function outright(definition: LoadedDefinition["definition"]): ReturnType<typeof talosImages> {
  const { talos, kubernetes } = definition;
  return talos === undefined || kubernetes === undefined ? [] : talosImages(talos, { kubernetes });
}

function versionsOf({ definition }: LoadedDefinition, sites: readonly Site[]): ComputedClosure["versions"] {
  const { talos, kubernetes } = definition;
  const all = [
    ...sites.map((site) => ({ talos: site.talos, kubernetes: site.kubernetes })),
    ...(talos === undefined || kubernetes === undefined ? [] : [{ talos, kubernetes }]),
  ];
  return [...new Map(all.map((pair) => [`${pair.talos} ${pair.kubernetes}`, pair])).values()];
}

/** Of packages that do not say it themselves. */
function architectureOf({ definition }: LoadedDefinition): string {
  return definition.architectures[0] ?? "amd64";
}
