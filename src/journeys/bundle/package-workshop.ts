import type { LoadedDefinition } from "../../bundle/index.ts";
import {
  archivedImages,
  buildPackage,
  createActionRunner,
  createChartEngine,
  type FoundImages,
  findPackageImages,
  loadForBuild,
  makeStagingFolder,
  openPackage,
  openRegistries,
  parsePackageReference,
  registrySource,
  textsOfBuilt,
} from "../../deployer/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ClosurePackage } from "./closure-package.ts";
import { heldSource } from "./held-source.ts";
import { openedPackage } from "./opened-package.ts";
import { packageInput } from "./package-input.ts";

/** Builds and opens the packages of a bundle; what was fetched for them lies in a private folder until it is closed. */
export interface PackageWorkshop {
  /** @param architecture - for packages that do not say it */
  readonly take: (source: LoadedDefinition["packages"][number], architecture: string) => Promise<ClosurePackage>;
  /** What a package runs with these values of its variables. */
  readonly imagesOf: (
    pkg: Pick<ClosurePackage, "texts">,
    variables: Readonly<Record<string, string>>,
  ) => Promise<FoundImages>;
  readonly close: () => Promise<void>;
}

/** @param options.registryOverrides - registry host to API root */
export async function openPackageWorkshop(options: {
  readonly registryOverrides: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<PackageWorkshop> {
  const { signal, clock } = options;
  const registries = openRegistries(options.registryOverrides);
  const staging = await makeStagingFolder();
  const engine = createChartEngine();
  const ports = { registries, staging, engine, signal, runActions: createActionRunner({ engine, clock }) };
  const opened: (() => Promise<void>)[] = [];

  const build = async (folder: string, architecture: string): Promise<ClosurePackage> => {
    const loaded = await loadForBuild(folder, { architecture }, ports);
    const built = await buildPackage(loaded, { architecture }, ports);
    const { name, images } = built;
    return {
      name,
      images,
      texts: await textsOfBuilt(built, { signal }),
      input: (imageOf) => packageInput(built, imageOf),
      source: heldSource(await archivedImages(loaded, ports)),
    };
  };

  // Whoever made it, the bundle's own signature is what a site will believe.
  const trust = { allowUnsigned: true };
  return {
    take: async (source, architecture) => {
      if (source.kind === "folder") return await build(source.path, architecture);
      const location =
        source.kind === "file"
          ? { path: source.path }
          : { published: await published(source.reference, architecture), isRemote: true };
      const pkg = await openPackage(location, { signal, trust, spool: { parent: staging.path } });
      opened.push(pkg.close);
      return await openedPackage(pkg, { signal });
    },
    imagesOf: async ({ texts }, variables) =>
      await findPackageImages(texts, {
        engine,
        layers: [{ origin: { kind: "given" }, values: variables }],
        signal,
      }),
    close: async () => {
      for (const close of opened) await close();
      await registries.close();
      await engine.close();
      await staging.remove();
    },
  };

  async function published(text: string, architecture: string) {
    const reference = parsePackageReference(text);
    return await registrySource(registries.client(reference.registry), reference, { architecture, signal });
  }
}
