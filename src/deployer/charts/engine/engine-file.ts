import type { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { zstdDecompress } from "node:zlib";
import { OperatorError } from "../../../lib/errors/index.ts";
import { webAssembly } from "./web-assembly.ts";

/**
 * How much a function runs before V8 compiles it once more, thoroughly; its own 13 million make a first render wait for that
 * (270 ms of processor time instead of 70), and the hundred after it cost no less. The flag holds for the process; speed is all
 * it changes.
 */
const TIERING_BUDGET = 400_000_000;

const FILE_NAME = "chart-engine.wasm.zst";
const MAX_BYTES = 128 * 1024 * 1024;

/** Whether this code runs as written, in a clone, or as it was built into `dist/` or `dist/chunks/`. */
const runsAsWritten = import.meta.url.endsWith(".ts");

/** Where the engine lies: beside what was built, or where `parts/` put it in a clone. In order of preference. */
export function engineFiles(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (!runsAsWritten) return besideBuild(FILE_NAME);
  const base = environment["XDG_CACHE_HOME"];
  const cache = base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache");
  return [join(cache, "skerry", "chart-engine", FILE_NAME)];
}

/** The script of the worker thread, likewise. */
export function workerFile(): string {
  if (runsAsWritten) return fileURLToPath(new URL("./worker.ts", import.meta.url));
  const places = besideBuild("chart-engine-worker.js");
  return places.find((place) => existsSync(place)) ?? places.join(" or ");
}

function besideBuild(name: string): readonly string[] {
  return [fileURLToPath(new URL(name, import.meta.url)), fileURLToPath(new URL(`../${name}`, import.meta.url))];
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * The compiled engine, from the first of these files that is there; once for all engines of the process.
 *
 * @throws OperatorError CHART_ENGINE_MISSING
 */
export function compiledEngine(files: readonly string[]): Promise<WebAssembly.Module> {
  const key = files.join("\n");
  const module = compiled.get(key) ?? compile(files);
  compiled.set(key, module);
  // What was not there may come.
  module.catch(() => compiled.delete(key));
  return module;
}

async function compile(files: readonly string[]): Promise<WebAssembly.Module> {
  const packed = await readFirst(files);
  const bytes = await promisify<Buffer, { maxOutputLength: number }, Buffer>(zstdDecompress)(packed, {
    maxOutputLength: MAX_BYTES,
  });
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
  return webAssembly.compile(bytes);
}

async function readFirst(files: readonly string[]): Promise<Buffer> {
  for (const file of files) {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (bytes !== undefined) return bytes;
  }
  throw new OperatorError("CHART_ENGINE_MISSING", `the chart engine is not at ${files[0] ?? "any known place"}`, {
    next: ["node parts/build.ts --only chart-engine    in a clone of Skerry builds it"],
  });
}
