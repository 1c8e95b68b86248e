import {
  addImages,
  buildPackage,
  createChartEngine,
  type FoundImage,
  findDefinition,
  findPackageImages,
  loadForBuild,
  makeStagingFolder,
  openRegistries,
  textsOfBuilt,
} from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { readTextFile, writeFileWhole } from "../../lib/files.ts";
import type { JourneyWorld } from "../world.ts";

export interface FindImagesRequest {
  readonly place: string;
  readonly architecture?: string;
  readonly flavor?: string;
  /** Values of create-time templates and of the package's variables, by name. */
  readonly set: Readonly<Record<string, string>>;
  readonly registryOverrides: Readonly<Record<string, string>>;
  /** Add what is missing to the zarf.yaml. */
  readonly update: boolean;
}

export interface FindImagesReport {
  readonly file: string;
  readonly found: readonly FoundImage[];
  readonly unused: readonly string[];
  /** Images that were added to the file. */
  readonly added: readonly string[];
}

/**
 * Renders a package's charts and manifests and lists the images in them. Commands of the package do not run.
 *
 * @throws OperatorError what building and rendering raise
 */
export async function packageFindImages(request: FindImagesRequest, world: JourneyWorld): Promise<FindImagesReport> {
  const { signal } = world;
  const engine = createChartEngine();
  const registries = openRegistries(request.registryOverrides);
  const staging = await makeStagingFolder();
  try {
    const { architecture, flavor, set } = request;
    const options = {
      set,
      ...(architecture === undefined ? {} : { architecture }),
      ...(flavor === undefined ? {} : { flavor }),
    };
    const ports = { registries, staging, engine, signal, runActions: async () => undefined };
    const loaded = await loadForBuild(request.place, options, ports);
    // Only charts and manifests have images; the rest may be large, or be written by commands.
    const components = loaded.definition.components.map((component) => ({
      ...component,
      files: [],
      repos: [],
      dataInjections: [],
    }));
    const light = { ...loaded, definition: { ...loaded.definition, components, documentation: {} } };
    const texts = await textsOfBuilt(await buildPackage(light, options, ports), { signal });
    const declared = new Set(loaded.definition.variables.map(({ name }) => name.toUpperCase()));
    const values = Object.fromEntries(Object.entries(set).filter(([name]) => declared.has(name)));
    const layers = [{ origin: { kind: "given" as const }, values, isForThisPackage: true }];
    const { found, unused } = await findPackageImages(texts, { engine, layers, signal });
    const file = await findDefinition(request.place);
    return { file, found, unused, added: request.update ? await update(file, found) : [] };
  } finally {
    await registries.close();
    await engine.close();
    await staging.remove();
  }
}

async function update(file: string, found: readonly FoundImage[]): Promise<readonly string[]> {
  const missing = new Map<string, string[]>();
  for (const { component, image, kind, isListed } of found)
    if (kind === "used" && !isListed) missing.set(component, [...(missing.get(component) ?? []), image]);
  if (missing.size === 0) return [];
  const { text, notHere } = addImages(await readTextFile(file), missing);
  if (notHere.length > 0)
    throw new OperatorError(
      "PACKAGE_IMAGE_UNLISTED",
      `${file} does not hold ${notHere.join(", ")}, so their images were not added`,
      {
        where: { file },
        next: ["add them to the images of these components where they are written"],
      },
    );
  await writeFileWhole(file, text);
  return [...missing.values()].flat();
}
