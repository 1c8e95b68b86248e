import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { partsCacheFolder } from "./cache-folder.ts";
import { ensureImages } from "./ensure-images.ts";
import { ensureParts } from "./ensure-parts.ts";
import { type Descriptor, referenceAnnotation } from "./images/documents.ts";
import { interruptible } from "./interruptible.ts";
import { lock } from "./lock.ts";
import { progressView } from "./progress-view.ts";
import { isPushed, type PushTarget, pushImage } from "./push-image.ts";
import { startRegistry } from "./registry-process.ts";
import type { Report } from "./report.ts";

export interface InternetOptions {
  /** default: a free one */
  readonly port?: number;
  /** Where the registry keeps its blobs; default: a folder in the cache, filled once per set of images. */
  readonly storageDir?: string;
  readonly signal: AbortSignal;
  /** default: silent */
  readonly report?: Report;
}

export interface Internet {
  /** Root of the registry, "http://127.0.0.1:41235". */
  readonly url: string;
  /**
   * Upstream host to API root, for `bundle create --registry-override HOST=URL`:
   * `registry.k8s.io` is answered below `http://127.0.0.1:41235/v2/registry.k8s.io`.
   */
  readonly overrides: Readonly<Record<string, string>>;
  /** Full references of all images there are. */
  readonly references: readonly string[];
  /** Ends the registry and waits until it is gone. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts one `registry:3` on loopback that answers for every upstream host, filled with the images of
 * `image-catalog.ts`; builds what is not built. Once filled, the storage folder is used again as it is.
 *
 * @throws OperatorError PARTS_PORT_TAKEN, PARTS_REGISTRY_FAILED, or as `ensureImages` does
 */
export async function startInternet(options: InternetOptions): Promise<Internet> {
  const { signal } = options;
  const built = await ensureImages(options);
  const { registry: binary } = await ensureParts({ only: ["registry"], signal });
  const storageDir = options.storageDir ?? path.join(partsCacheFolder(), "internet", built.key);
  await mkdir(storageDir, { recursive: true });
  const references = await imagesOfLayout(built.layoutFolder);
  const { port } = options;
  const registry = await startRegistry({ binary, storageDir, signal, ...(port === undefined ? {} : { port }) });
  try {
    const targets = references.map(([reference, descriptor]) => ({
      layoutFolder: built.layoutFolder,
      registryUrl: registry.url,
      descriptor,
      ...splitReference(reference),
    }));
    await fill(targets, storageDir, options);
  } catch (error) {
    await registry.stop();
    throw error;
  }
  const hosts = [...new Set(references.map(([reference]) => reference.slice(0, reference.indexOf("/"))))].sort();
  return {
    url: registry.url,
    overrides: Object.fromEntries(hosts.map((host) => [host, `${registry.url}/v2/${host}`])),
    references: references.map(([reference]) => reference),
    stop: registry.stop,
  };
}

async function fill(targets: readonly PushTarget[], storageDir: string, options: InternetOptions): Promise<void> {
  const { signal } = options;
  const report = options.report ?? (() => undefined);
  const missing = async (): Promise<readonly PushTarget[]> => {
    const pushed = await Promise.all(targets.map((target) => isPushed(target, { signal })));
    return targets.filter((_target, index) => pushed[index] === false);
  };
  if ((await missing()).length === 0) return;
  const name = "internet";
  await using _held = await lock(storageDir, {
    signal,
    onWait: (holder) => report({ kind: "waiting", name, holder }),
  });
  const wanted = await missing();
  if (wanted.length === 0) return;
  report({ kind: "started", name, version: `(${wanted.length} images)`, action: "filling" });
  for (const target of wanted) {
    report({ kind: "detail", name, detail: `${target.repository}:${target.tag}` });
    await pushImage(target, { signal });
  }
  report({ kind: "finished", name });
}

async function imagesOfLayout(layoutFolder: string): Promise<readonly (readonly [string, Descriptor])[]> {
  const text = await readFile(path.join(layoutFolder, "index.json"), "utf8");
  const index = JSON.parse(text) as { readonly manifests: readonly Descriptor[] };
  return index.manifests.map(
    (descriptor) => [descriptor.annotations?.[referenceAnnotation] ?? "", descriptor] as const,
  );
}

/** The whole name before the tag is the repository: the host is its first folder. */
function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  const colon = reference.lastIndexOf(":");
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

const usage = `Serves the images of the parts on loopback, in place of the internet, until Ctrl-C.

  node parts/internet.ts                    on a free port
  node parts/internet.ts --port 5555

Standard output gets one "HOST=URL" per upstream host, as \`bundle create --registry-override\` takes it.
`;

async function serve(port: string | undefined, signal: AbortSignal): Promise<void> {
  const view = progressView(process.stderr);
  try {
    const internet = await startInternet({
      signal,
      report: view.report,
      ...(port === undefined ? {} : { port: Number(port) }),
    });
    for (const [host, url] of Object.entries(internet.overrides)) process.stdout.write(`${host}=${url}\n`);
    process.stderr.write("serving until Ctrl-C\n");
    const keepAlive = setInterval(() => undefined, 60_000);
    if (!signal.aborted) await once(signal, "abort");
    clearInterval(keepAlive);
    await internet.stop();
  } finally {
    view.stop();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string" }, help: { type: "boolean", short: "h" } } });
  if (values.help === true) process.stdout.write(usage);
  else await interruptible((signal) => serve(values.port, signal));
}
