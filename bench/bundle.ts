import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { createCipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { availableParallelism, cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { createBundle, openBundle, verifyBundle } from "../src/bundle/index.ts";
import { digestOf } from "../src/oci/index.ts";
import { bundleOptions } from "../test/support/bundles.ts";
import { startFakeRegistry } from "../test/support/registry.ts";

/**
 * Figures of the bundle, as ratios to what the machine can do: `node bench/bundle.ts [GB] [FOLDER]`, default 2 GB under the
 * system's temporary folder. Every measurement is a process of its own, so that its memory is its own.
 */
const [job, ...parameters] = process.argv.slice(2);
const MB = 1e6;

/** What a measuring process tells. */
interface Figure {
  readonly seconds: number;
  /** Of its own processors' time: what is left on a machine that does other things too. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

if (job === "--registry") await serveImages(Number(parameters[0]));
else if (job === "--create") await measured(async () => await create(parameters));
else if (job === "--verify") await measured(async () => await verify(parameters));
else if (job === "--open") await measured(async () => await openAndRead(parameters));
else await compare(Number(job ?? 2), parameters[0] ?? tmpdir());

async function compare(gigabytes: number, under: string): Promise<void> {
  const folder = await mkdtemp(join(under, "skerry-bench-"));
  const program = join(folder, "bench.mjs");
  await shipped(program);
  const registry = fork(import.meta.filename, ["--registry", String(gigabytes)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  try {
    const apiRoot = await firstLine(registry);
    const sizeMB = gigabytes * 1000;
    const cores = availableParallelism();
    console.log(`machine: ${cpus()[0]?.model ?? "unknown"}, ${cores} cores, ${Math.round(totalmem() / 1e9)} GB`);
    console.log(`bundle: ${gigabytes} GB in 16 images, random bytes, the registry a process on loopback\n`);

    const sourceMBps = sizeMB / (await drainAll(apiRoot));
    const diskMBps = sizeMB / writeAndSync(join(folder, "raw"), gigabytes);
    const file = join(folder, "windpark.bundle.tar");
    const created = await run(program, ["--create", apiRoot, folder]);
    const createMBps = sizeMB / created.seconds;
    const bound = Math.min(sourceMBps, diskMBps);
    row("source alone, four at a time", sourceMBps);
    row("disk alone, write and sync", diskMBps);
    row(
      "create",
      createMBps,
      `${(createMBps / bound).toFixed(2)} of the slower of the two; ${costOf(created, gigabytes)}`,
    );

    execFileSync("cat", [file], { stdio: "ignore" });
    const opensslMBps = sizeMB / timed(() => execFileSync("openssl", ["dgst", "-sha256", file], { stdio: "ignore" }));
    const verified = await run(program, ["--verify", file]);
    const verifyMBps = sizeMB / verified.seconds;
    row("openssl dgst -sha256, one core", opensslMBps);
    const ratio = verifyMBps / (opensslMBps * cores);
    row("verify", verifyMBps, `${ratio.toFixed(2)} of openssl × ${cores} cores; ${costOf(verified, gigabytes)}`);

    const opened = await run(program, ["--open", file]);
    console.log(`open to first MiB of a layer    ${Math.round(opened.seconds * 1000)} ms`);
  } finally {
    registry.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

function costOf({ cpuSeconds, peakMiB }: Figure, gigabytes: number): string {
  return `${(cpuSeconds / gigabytes).toFixed(1)} CPU-s per GB, peak ${peakMiB} MiB`;
}

function row(name: string, megabytesPerSecond: number, note = ""): void {
  console.log(`${name.padEnd(32)}${String(Math.round(megabytesPerSecond)).padStart(5)} MB/s   ${note}`);
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Sixteen images of two layers each in memory; half of each image is one layer, so that blobs differ in size. */
async function serveImages(gigabytes: number): Promise<void> {
  const registry = await startFakeRegistry();
  const imageBytes = (gigabytes * 1e9) / 16;
  for (let index = 0; index < 16; index += 1) {
    const layers = [Math.round(imageBytes * 0.7), Math.round(imageBytes * 0.3)].map(randomLayer);
    registry.addImage(`bench/image-${index}`, "1", layers);
  }
  console.log(`${registry.apiRoot} ${[...registry.blobs.keys()].join(" ")}`);
}

function randomLayer(sizeBytes: number): Buffer {
  return createCipheriv("aes-128-ctr", randomBytes(16), randomBytes(16)).update(Buffer.alloc(sizeBytes));
}

async function create([apiRoot = "", folder = ""]: readonly string[]): Promise<void> {
  const closureImages = Array.from({ length: 16 }, (_, index) => ({
    reference: `ghcr.io/bench/image-${index}:1`,
    why: ["bench"],
  }));
  await createBundle(bundleOptions({ apiRoot: apiRoot.split(" ")[0] ?? "" }, folder, { closureImages }));
}

async function verify([file = ""]: readonly string[]): Promise<void> {
  await verifyBundle(file, { trust: { keys: [], allowUnsigned: true }, signal: new AbortController().signal });
}

async function openAndRead([file = ""]: readonly string[]): Promise<void> {
  const { signal } = new AbortController();
  const bundle = await openBundle(file, { signal });
  const manifest = bundle.manifest(bundle.images()[15]?.descriptor.digest ?? digestOf(""));
  const layer = manifest?.kind === "image" ? manifest.layers[0] : undefined;
  if (layer === undefined) throw new Error("the bundle has no layer");
  for await (const _ of bundle.open(layer.digest, { signal })) break;
  await bundle.close();
}

async function measured(work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage();
  const figure: Figure = {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  console.log(JSON.stringify(figure));
  process.exit(0);
}

/** As one file, as it ships: stripping types as they are loaded takes 40 MB that an operator's process does not have. */
async function shipped(outfile: string): Promise<void> {
  const require = "const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [import.meta.filename],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    keepNames: true,
    banner: { js: `import { createRequire } from "node:module"; ${require}` },
    logLevel: "error",
  });
}

async function run(program: string, parameters: readonly string[]): Promise<Figure> {
  const child = spawn(process.execPath, [program, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(await firstLine(child)) as Figure;
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error("a measuring process ended without an answer");
}

/** Seconds to fetch every blob with four bare connections and throw it away: what the source can give. */
async function drainAll(line: string): Promise<number> {
  const [apiRoot = "", ...digests] = line.split(" ");
  const start = performance.now();
  const drain = async (): Promise<void> => {
    for (let digest = digests.pop(); digest !== undefined; digest = digests.pop()) {
      const sent = request(`${apiRoot}/bench/blobs/${digest}`).end();
      const [response] = await once(sent, "response");
      for await (const _ of response);
    }
  };
  await Promise.all([drain(), drain(), drain(), drain()]);
  return (performance.now() - start) / 1000;
}

function writeAndSync(path: string, gigabytes: number): number {
  const chunk = randomBytes(4 * MB);
  return timed(() => {
    const fd = openSync(path, "w");
    for (let written = 0; written < gigabytes * 1e9; written += chunk.length) writeSync(fd, chunk);
    fsyncSync(fd);
    closeSync(fd);
  });
}
