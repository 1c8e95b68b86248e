import { createBundle, openBundle, verifyBundle } from "../../src/bundle/index.ts";
import { digestOf } from "../../src/oci/index.ts";
import { bundleOptions } from "../../test/support/bundles.ts";

/** What a measuring process tells of itself, in one line. */
export interface Told {
  readonly seconds: number;
  /** From the start of the process, loading included. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

const { signal } = new AbortController();

async function create([apiRoot = "", folder = "", ...references]: readonly string[]): Promise<void> {
  const closureImages = references.map((reference) => ({ reference, why: ["bench"] }));
  await createBundle(bundleOptions({ apiRoot }, folder, { closureImages, signal }));
}

async function verify([file = ""]: readonly string[]): Promise<void> {
  await verifyBundle(file, { trust: { keys: [], allowUnsigned: true }, signal });
}

/** Until the first bytes of a layer at the end of the file are there. */
async function open([file = ""]: readonly string[]): Promise<void> {
  const bundle = await openBundle(file, { signal });
  const manifest = bundle.manifest(bundle.images().at(-1)?.descriptor.digest ?? digestOf(""));
  const layer = manifest?.kind === "image" ? manifest.layers[0] : undefined;
  if (layer === undefined) throw new Error("the bundle has no layer");
  for await (const _ of bundle.open(layer.digest, { signal })) break;
  await bundle.close();
}

const jobs: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { create, verify, open };

if (import.meta.main) {
  const [job = "", ...args] = process.argv.slice(2);
  const start = performance.now();
  await jobs[job]?.(args);
  const { user, system } = process.cpuUsage();
  const told: Told = {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  console.log(JSON.stringify(told));
  // Connections that are kept for the next request must not keep the process.
  process.exit(0);
}
