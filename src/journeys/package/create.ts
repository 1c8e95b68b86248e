import { resolve } from "node:path";
import {
  type BuildOptions,
  type BuildPorts,
  checkSpace,
  createActionRunner,
  createChartEngine,
  createPackageMaker,
  findImages,
  type LoadedPackage,
  loadForBuild,
  makeStagingFolder,
  olderDefinition,
  openRegistries,
  type PackageMaker,
  type ResolvedImage,
  readSigningKey,
  type StagingFolder,
  signPackage,
  spaceNeeds,
  type WrittenFiles,
  writePackage,
} from "../../deployer/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { definePhase, type Journey, type Wave } from "../engine/index.ts";
import { sizeText } from "../node-disks.ts";
import type { JourneyWorld } from "../world.ts";
import { sourcesOf } from "./sources-of.ts";

export interface PackageCreateRequest {
  /** Folder with a zarf.yaml, or the file. */
  readonly place: string;
  readonly outFolder: string;
  readonly architecture?: string;
  readonly flavor?: string;
  readonly set: Readonly<Record<string, string>>;
  /** Registry host to API root; not recorded in the package. */
  readonly registryOverrides: Readonly<Record<string, string>>;
  /** An older package file: what it brings already is left out. */
  readonly differential?: string;
  readonly maxPartBytes?: number;
  readonly signingKeyFile?: string;
  /** File that holds the key's password; default: an empty one. */
  readonly passwordFile?: string;
}

export interface PackageCreateReport {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly components: number;
  readonly images: number;
  readonly isSigned: boolean;
  /** Why there is none, or absent. */
  readonly sbom: "none";
}

type SigningKey = Awaited<ReturnType<typeof readSigningKey>>;

interface Context {
  readonly request: PackageCreateRequest;
  readonly world: JourneyWorld;
  readonly memory: {
    /** None where the package is not to be signed. */
    signingKey?: SigningKey;
    staging?: StagingFolder;
    registries?: ReturnType<typeof openRegistries>;
    engine?: ReturnType<typeof createChartEngine>;
    loaded?: LoadedPackage;
    options?: BuildOptions;
    images?: readonly ResolvedImage[];
    maker?: PackageMaker;
    ports?: BuildPorts;
    written?: WrittenFiles;
  };
}

/** A folder with a zarf.yaml to one package file: read, find images, stage, pull, write. */
export async function packageCreate(
  request: PackageCreateRequest,
  world: JourneyWorld,
): Promise<Journey<Context, PackageCreateReport>> {
  return {
    id: "package-create",
    subject: request.place,
    phases: [sourcePhase, stagePhase, pullPhase, writePhase],
    context: { request, world, memory: {} },
    report: async (context) => reportOf(context),
  };
}

const sourcePhase = definePhase<Context, undefined>({
  id: "source",
  title: "Read the definition and find its images",
  observe: async ({ request, world, memory }, { signal, notice }) => {
    // Before anything is fetched or run: a password that does not open the key is found at once, by --dry-run too.
    const signingKey = await signingKeyOf(request);
    if (signingKey !== undefined) memory.signingKey = signingKey;
    const engine = createChartEngine();
    const registries = openRegistries(request.registryOverrides);
    const staging = await makeStagingFolder();
    Object.assign(memory, { engine, registries, staging });
    const options = await optionsOf(request, signal);
    const runActions = createActionRunner({
      engine,
      clock: world.clock,
      onEvent: (component, event) => {
        if (event.kind === "line") notice(`${component}: ${event.line}`);
      },
    });
    const ports: BuildPorts = { registries, staging, engine, runActions, signal };
    const loaded = await loadForBuild(request.place, options, ports);
    const { images, totalBytes } = await findImages(loaded, ports);
    notice(
      `${loaded.definition.components.length} components, ${images.length} images, ${sizeText(totalBytes)} to pull`,
    );
    await checkRoom(loaded, { request, staging, imageBytes: totalBytes, signal, notice });
    Object.assign(memory, { options, ports, loaded, images });
    return undefined;
  },
  plan: () => [],
  close: async ({ memory }) => {
    await memory.registries?.close();
    await memory.engine?.close();
    await memory.staging?.remove();
  },
});

/** Says what will be written before it is, and refuses what does not fit. */
async function checkRoom(
  loaded: LoadedPackage,
  call: {
    readonly request: PackageCreateRequest;
    readonly staging: StagingFolder;
    readonly imageBytes: number;
    readonly signal: AbortSignal;
    readonly notice: (text: string) => void;
  },
): Promise<void> {
  const { staging, imageBytes, notice } = call;
  const folder = resolve(call.request.outFolder);
  const { stagedBytes, packageBytes } = await spaceNeeds(loaded, imageBytes, call);
  notice(`up to ${sizeText(packageBytes)} are written to ${folder}`);
  if (stagedBytes > 0) notice(`while it is made, up to ${sizeText(stagedBytes)} lie in ${staging.path}`);
  await checkSpace([
    { folder: staging.path, bytes: stagedBytes },
    { folder, bytes: packageBytes },
  ]);
}

/** @throws OperatorError PACKAGE_KEY_INVALID, FILE_UNREADABLE */
async function signingKeyOf({ signingKeyFile, passwordFile }: PackageCreateRequest): Promise<SigningKey | undefined> {
  if (signingKeyFile === undefined) return undefined;
  const password = passwordFile === undefined ? "" : (await readTextFile(passwordFile)).replace(/\r?\n$/, "");
  const pem = await readTextFile(signingKeyFile, { sizeLimitBytes: 64 * 1024 });
  return await readSigningKey({ file: signingKeyFile, pem }, Buffer.from(password));
}

async function optionsOf(request: PackageCreateRequest, signal: AbortSignal): Promise<BuildOptions> {
  const { architecture, flavor, set, differential } = request;
  return {
    set,
    ...(architecture === undefined ? {} : { architecture }),
    ...(flavor === undefined ? {} : { flavor }),
    ...(differential === undefined ? {} : { differentialTo: await olderDefinition(differential, { signal }) }),
  };
}

/** What the source phase found; the phases after it cannot be without. */
function known<K extends keyof Context["memory"]>(
  memory: Context["memory"],
  key: K,
): NonNullable<Context["memory"][K]> {
  const value = memory[key];
  if (value === undefined) throw new Error(`phase order: ${key} is not known yet`);
  return value;
}

const stagePhase = definePhase<Context, undefined>({
  id: "stage",
  title: "Stage components",
  observe: async ({ memory }) => {
    const ports = known(memory, "ports");
    memory.maker = createPackageMaker(known(memory, "loaded"), known(memory, "options"), ports);
    return undefined;
  },
  // One after the other: commands of one may write what the next one takes.
  plan: ({ memory }): readonly Wave[] =>
    known(memory, "loaded").definition.components.map((component) => [
      {
        id: `stage/${component.name}`,
        title: `stage ${component.name}${sourcesOf(component)}`,
        target: { kind: "file", name: component.name },
        effect: "create",
        inputs: { component: component.name },
        apply: async ({ signal }) => await known(memory, "maker").stage(component.name, { signal }),
      },
    ]),
});

const pullPhase = definePhase<Context, undefined>({
  id: "pull",
  title: "Pull images",
  observe: async () => undefined,
  plan: ({ memory }): readonly Wave[] => {
    const steps = known(memory, "images").map((image) => ({
      id: `pull/${image.reference}`,
      title: `pull ${image.reference}`,
      target: { kind: "registry" as const, name: image.source.registry },
      effect: "create" as const,
      inputs: { reference: image.reference, digest: image.descriptor.digest },
      apply: async ({ progress }: { readonly progress: (text: string) => void }) => {
        let doneBytes = 0;
        await known(memory, "maker").pull(image, (bytes) => {
          doneBytes += bytes;
          progress(sizeText(doneBytes));
        });
      },
    }));
    return steps.length === 0 ? [] : [steps];
  },
});

const writePhase = definePhase<Context, undefined>({
  id: "write",
  title: "Write the package",
  observe: async () => undefined,
  plan: (context) => [
    [
      {
        id: "write/package",
        title: `write into ${context.request.outFolder}`,
        target: { kind: "file", name: context.request.outFolder },
        effect: "create",
        inputs: { folder: context.request.outFolder },
        apply: async ({ signal, progress }) => await write(context, { signal, progress }),
      },
    ],
  ],
});

async function write(
  { request, memory }: Context,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
): Promise<void> {
  const { built, images } = await known(memory, "maker").finish();
  const { maxPartBytes } = request;
  const { signingKey: key } = memory;
  memory.written = await writePackage({
    built: key === undefined ? built : await signPackage(built, key, { signal }),
    images,
    folder: resolve(request.outFolder),
    signal,
    onProgress: (done, total) => progress(`${sizeText(done)} of ${sizeText(total)}`),
    ...(maxPartBytes === undefined ? {} : { maxPartBytes }),
  });
}

function reportOf({ request, memory }: Context): PackageCreateReport {
  const { definition } = known(memory, "loaded");
  const { files, sizeBytes, sha256 } = known(memory, "written");
  return {
    name: definition.metadata.name,
    version: definition.metadata.version ?? "",
    files,
    sizeBytes,
    sha256,
    components: definition.components.length,
    images: known(memory, "images").length,
    isSigned: request.signingKeyFile !== undefined,
    sbom: "none",
  };
}
