import { dirname, join, resolve } from "node:path";
import {
  type AssetInput,
  type CreatedBundle,
  type CreateEvent,
  createBundle,
  inspectBundle,
  type LoadedDefinition,
  loadBundleDefinition,
  openAssets,
  openBundle,
} from "../../bundle/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { definePhase, type Journey } from "../engine/index.ts";
import { sizeText } from "../node-disks.ts";
import type { JourneyWorld } from "../world.ts";
import { type ComputedClosure, computeClosure } from "./closure.ts";
import { openPackageWorkshop, type PackageWorkshop } from "./package-workshop.ts";
import { registrySources } from "./registry-sources.ts";

export interface BundleCreateRequest {
  readonly definitionFile: string;
  /** default: NAME.bundle.tar beside the definition */
  readonly outFile?: string;
  /** Registry host to API root; never recorded in the bundle. */
  readonly registryOverrides: Readonly<Record<string, string>>;
}

export interface BundleCreateReport {
  readonly file: string;
  readonly sizeBytes: number;
  readonly images: number;
  readonly packages: number;
  readonly assets: number;
  readonly signedBy?: string;
  /** Bytes that came from registries and files in this run; the rest was there already, verified. */
  readonly fetchedBytes: number;
}

export interface BundleCreateContext {
  readonly loaded: LoadedDefinition;
  readonly request: BundleCreateRequest;
  readonly output: string;
  readonly world: JourneyWorld;
  readonly memory: {
    workshop?: PackageWorkshop;
    closure?: ComputedClosure;
    assets?: readonly AssetInput[];
    created?: CreatedBundle;
  };
}

/** bundle.yaml to one sealed file: compute the closure, then fetch and write it in one pass. */
export async function bundleCreate(
  request: BundleCreateRequest,
  world: JourneyWorld,
): Promise<Journey<BundleCreateContext, BundleCreateReport>> {
  const loaded = await loadBundleDefinition(request.definitionFile);
  const { name } = loaded.definition;
  return {
    id: "bundle-create",
    subject: name,
    phases: [closurePhase, writePhase],
    context: {
      loaded,
      request,
      output: resolve(request.outFile ?? join(dirname(loaded.file), `${name}.bundle.tar`)),
      world,
      memory: {},
    },
    report: reportOf,
  };
}

const closurePhase = definePhase<BundleCreateContext, ComputedClosure>({
  id: "closure",
  title: "Compute closure",
  observe: async (context, { signal, notice }) => {
    const workshop = await openPackageWorkshop({
      registryOverrides: context.request.registryOverrides,
      clock: context.world.clock,
      signal,
    });
    context.memory.workshop = workshop;
    const closure = await computeClosure(context.loaded, workshop);
    const images = new Set(closure.images.map((image) => image.reference));
    notice(`${images.size} images, ${closure.packages.length} packages, ${context.loaded.assets.length} boot assets`);
    context.memory.assets = await openAssets(context.loaded.assets, { signal });
    return closure;
  },
  plan: (context, closure) => {
    context.memory.closure = closure;
    return [];
  },
  close: async ({ memory }) => await memory.workshop?.close(),
});

const writePhase = definePhase<BundleCreateContext, undefined>({
  id: "write",
  title: "Fetch and write",
  observe: async () => undefined,
  plan: (context) => [
    [
      {
        id: "write/bundle",
        title: `write ${context.output}`,
        target: { kind: "file", name: context.output },
        effect: "create",
        inputs: { images: context.memory.closure?.images.map((image) => image.reference) ?? [] },
        apply: async ({ signal, progress, notice }) => {
          context.memory.created = await write(context, { signal, progress, notice });
        },
      },
    ],
  ],
});

async function write(
  context: BundleCreateContext,
  options: {
    readonly signal: AbortSignal;
    readonly progress: (text: string) => void;
    readonly notice: (text: string) => void;
  },
): Promise<CreatedBundle> {
  const { loaded, request, output, world, memory } = context;
  const { closure, assets } = memory;
  if (closure === undefined || assets === undefined) throw new Error("phase order: the closure is not known yet");
  const { signKeyFile } = loaded;
  const sources = registrySources(request.registryOverrides);
  try {
    return await createBundle({
      definition: loaded.definition,
      versions: closure.versions,
      closureImages: closure.images,
      packages: (imageOf) => closure.packages.map((pkg) => pkg.input(imageOf)),
      assets,
      source: (reference) =>
        closure.packages.map((pkg) => pkg.source(reference)).find((own) => own !== undefined) ??
        sources.source(reference),
      output,
      ...(signKeyFile === undefined
        ? {}
        : { signingKey: { file: signKeyFile, pem: await readTextFile(signKeyFile, { sizeLimitBytes: 64 * 1024 }) } }),
      signal: options.signal,
      clock: world.clock,
      onProgress: (event) => tell(event, options),
    });
  } finally {
    await sources.close();
  }
}

function tell(
  event: CreateEvent,
  to: { readonly progress: (text: string) => void; readonly notice: (text: string) => void },
): void {
  switch (event.kind) {
    case "resolved":
      to.progress(`${event.done} of ${event.total} images found: ${event.reference}`);
      break;
    case "image-failed":
      to.notice(`${event.reference}: ${event.reason}`);
      break;
    case "planned":
      to.progress(
        `${event.blobs} blobs, ${sizeText(event.totalBytes)}; ${sizeText(event.presentBytes)} are here already`,
      );
      break;
    case "bytes":
      to.progress(`${sizeText(event.doneBytes)} of ${sizeText(event.totalBytes)}`);
      break;
    case "blob-failed":
      to.notice(`${event.digest}: ${event.reason}`);
      break;
  }
}

async function reportOf(
  context: BundleCreateContext,
  { signal }: { readonly signal: AbortSignal },
): Promise<BundleCreateReport> {
  const bundle = await openBundle(context.output, { signal });
  try {
    const { file, sizeBytes, images, packages, assets, signedBy } = inspectBundle(bundle);
    return {
      file,
      sizeBytes,
      images: images.length,
      packages: packages.length,
      assets: assets.length,
      ...(signedBy === undefined ? {} : { signedBy }),
      fetchedBytes: context.memory.created?.fetchedBytes ?? 0,
    };
  } finally {
    await bundle.close();
  }
}
