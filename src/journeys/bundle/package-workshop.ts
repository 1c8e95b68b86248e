import {
  archivedImages,
  type BuiltPackage,
  buildPackage,
  createActionRunner,
  createChartEngine,
  type FoundImages,
  findPackageImages,
  type HeldImages,
  loadForBuild,
  makeStagingFolder,
  openRegistries,
  textsOfBuilt,
} from "../../deployer/index.ts";
import type { Clock } from "../../lib/clock.ts";

/** Builds the packages of a bundle; what was fetched for them lies in a private folder until it is closed. */
export interface PackageWorkshop {
  /** @param architecture - for packages that do not say it */
  readonly build: (folder: string, architecture: string) => Promise<BuiltPackage>;
  /** Images that come out of archives of the packages built so far, instead of a registry. */
  readonly archived: () => readonly HeldImages[];
  /** What a package runs with these values of its variables. */
  readonly imagesOf: (built: BuiltPackage, variables: Readonly<Record<string, string>>) => Promise<FoundImages>;
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
  const archived: HeldImages[] = [];
  return {
    build: async (folder, architecture) => {
      const loaded = await loadForBuild(folder, { architecture }, ports);
      const built = await buildPackage(loaded, { architecture }, ports);
      archived.push(await archivedImages(loaded, ports));
      return built;
    },
    archived: () => archived,
    imagesOf: async (built, variables) =>
      await findPackageImages(await textsOfBuilt(built, { signal }), {
        engine,
        layers: [{ origin: { kind: "given" }, values: variables }],
        signal,
      }),
    close: async () => {
      await registries.close();
      await engine.close();
      await staging.remove();
    },
  };
}
