import {
  type BuildOptions,
  type BuiltPackage,
  buildPackage,
  loadForBuild,
  makeStagingFolder,
  openRegistries,
} from "../../src/deployer/index.ts";

/** Builds a package that needs no network, no charts and runs nothing; what is fetched or unpacked goes at once. */
export async function buildFolder(folder: string, options: BuildOptions = {}): Promise<BuiltPackage> {
  const registries = openRegistries({});
  const staging = await makeStagingFolder();
  const ports = {
    registries,
    staging,
    signal: new AbortController().signal,
    engine: { packageChart: refuse, inspectChart: refuse },
    runActions: async () => undefined,
  };
  try {
    return await buildPackage(await loadForBuild(folder, options, ports), options, ports);
  } finally {
    await registries.close();
    await staging.remove();
  }
}

const refuse = (): never => {
  throw new Error("this package has charts");
};
