import { chmod, copyFile, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { OperatorError } from "../src/lib/errors/index.ts";
import { type CacheEntry, ensureEntry } from "./cache.ts";
import { partsCacheFolder } from "./cache-folder.ts";
import {
  type DebianTools,
  type DebianToolsName,
  debianTools,
  packageNames,
  parseLoaderList,
} from "./debian-catalog.ts";
import { cacheKey } from "./part-key.ts";
import type { Report } from "./report.ts";
import { runTool } from "./run-tool.ts";

const libraryFolder = "usr/lib/x86_64-linux-gnu";
const loaderName = "ld-linux-x86-64.so.2";

const howToGetApt = [
  "The images and the nodes' root filesystem take runc, nft, mount and the like from Debian packages.",
  "Build them on Debian or Ubuntu (apt-get and dpkg-deb are part of it), also in a container of either.",
] as const;

/**
 * Downloads and unpacks Debian's programs into the cache: below the folder, one tree per name of the table, as it goes
 * into an image, and `packages.txt` with the package files they came from. The machine's own packages, lists and caches
 * are only read.
 *
 * @returns the absolute folder
 * @throws OperatorError PARTS_TOOL_MISSING without apt-get or dpkg-deb, PARTS_BUILD_FAILED
 */
export async function ensureDebianTools(options: {
  readonly signal: AbortSignal;
  readonly report: Report;
}): Promise<string> {
  const entry = await debianEntry();
  return ensureEntry(entry, {
    version: await distribution(),
    action: "unpacking",
    thorough: true,
    signal: options.signal,
    report: options.report,
    make: (folder) => makeTools(folder, options),
  });
}

/** Cache key of the tools: the distribution, the table and this recipe. A newer package of the same release is no reason to make them again. */
export async function debianKey(): Promise<string> {
  return (await debianEntry()).key;
}

async function debianEntry(): Promise<CacheEntry> {
  const recipe = await readFile(import.meta.filename, "utf8");
  const key = cacheKey({ distribution: await distribution(), recipe, tools: debianTools });
  return { root: partsCacheFolder(), name: "debian-tools", key };
}

/** "debian 12"; "unknown" on a machine that does not say. */
async function distribution(): Promise<string> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1];
  return `${field("ID") ?? "unknown"} ${field("VERSION_ID") ?? ""}`.trim();
}

async function makeTools(
  folder: string,
  options: { readonly signal: AbortSignal; readonly report: Report },
): Promise<void> {
  const work = path.join(folder, "work");
  const downloads = path.join(work, "downloads");
  const unpacked = path.join(work, "unpacked");
  await mkdir(downloads, { recursive: true });
  await mkdir(unpacked, { recursive: true });
  const packages = Object.values<DebianTools>(debianTools).flatMap((tools) => tools.packages);
  await download(packages, { ...options, work, downloads });
  const files = (await readdir(downloads)).filter((name) => name.endsWith(".deb")).sort();
  for (const file of files) {
    await runTool("dpkg-deb", ["--extract", path.join(downloads, file), unpacked], toolOptions(options));
  }
  for (const name of Object.keys(debianTools) as readonly DebianToolsName[]) {
    await collect(name, unpacked, path.join(folder, name), options);
  }
  await writeFile(path.join(folder, "packages.txt"), files.map((file) => `${decodeURIComponent(file)}\n`).join(""));
  await rm(work, { recursive: true });
}

/** First with the machine's package lists; where those are absent or too old, with fresh lists of our own beside the work. */
async function download(
  packages: DebianTools["packages"],
  options: {
    readonly work: string;
    readonly downloads: string;
    readonly signal: AbortSignal;
    readonly report: Report;
  },
): Promise<void> {
  const run = (tool: "apt-get" | "apt-cache", parameters: readonly string[]): Promise<string> =>
    runTool(tool, parameters, { ...toolOptions(options), cwd: options.downloads });
  const get = async (settings: readonly string[]): Promise<void> => {
    const known = new Set((await run("apt-cache", [...settings, "pkgnames"])).split("\n"));
    await run("apt-get", [...settings, "download", ...packageNames(packages, known)]);
  };
  // apt keeps its index and archives under Dir::Cache: ours, so that the machine's stay as they are.
  const own = ["-q", "-o", `Dir::Cache=${path.join(options.work, "cache")}`, "-o", "APT::Sandbox::User=root"];
  await mkdir(path.join(options.work, "cache", "archives", "partial"), { recursive: true });
  try {
    await get(own);
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== "PARTS_BUILD_FAILED") throw error;
    const state = path.join(options.work, "state");
    await mkdir(path.join(state, "lists", "partial"), { recursive: true });
    const fresh = [...own, "-o", `Dir::State=${state}`, "-o", "Dir::State::status=/var/lib/dpkg/status"];
    options.report({ kind: "detail", name: "debian-tools", detail: "fetching package lists" });
    await run("apt-get", [...fresh, "update"]);
    await get(fresh);
  }
}

/** Copies the programs and what the loader says they load into `target`, and runs each once from there alone. */
async function collect(
  name: DebianToolsName,
  unpacked: string,
  target: string,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const tools: DebianTools = debianTools[name];
  for (const program of tools.programs) {
    const folders = ["usr/sbin", "usr/bin", "sbin", "bin"];
    const file = await firstFile(folders.map((folder) => path.join(unpacked, folder, program.name)));
    const sbin = path.basename(path.dirname(file)) === "sbin";
    const inTree = path.join(target, sbin ? "usr/sbin" : "usr/bin", program.name);
    await copyInto(file, inTree);
    const proof = program.proof ?? ["--version"];
    if (program.isStatic === true) {
      await runTool(inTree, proof, toolOptions(options));
    } else {
      await copyLibraries(file, unpacked, target, options);
      const alone = ["--inhibit-cache", "--library-path", path.join(target, libraryFolder), inTree, ...proof];
      await runTool(path.join(target, "lib64", loaderName), alone, toolOptions(options));
    }
  }
  for (const folder of tools.pluginFolders ?? []) {
    for (const plugin of (await readdir(path.join(unpacked, folder))).filter((entry) => entry.endsWith(".so")).sort()) {
      await copyInto(path.join(unpacked, folder, plugin), path.join(target, folder, plugin));
      await copyLibraries(path.join(unpacked, folder, plugin), unpacked, target, options);
    }
  }
}

/** The loader of Debian's C library, and what it says that `file` loads. */
async function copyLibraries(
  file: string,
  unpacked: string,
  target: string,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const libraries = ["lib/x86_64-linux-gnu", libraryFolder].map((folder) => path.join(unpacked, folder));
  const loader = await firstFile(libraries.map((folder) => path.join(folder, loaderName)));
  await copyInto(loader, path.join(target, "lib64", loaderName));
  const list = await runTool(
    loader,
    ["--inhibit-cache", "--library-path", libraries.join(":"), "--list", file],
    toolOptions(options),
  );
  for (const library of parseLoaderList(list)) {
    if (library.file === undefined || !library.file.startsWith(`${unpacked}/`))
      throw missing(path.basename(file), library.soname);
    await copyInto(library.file, path.join(target, libraryFolder, library.soname));
  }
}

async function firstFile(candidates: readonly string[]): Promise<string> {
  for (const file of candidates) {
    if ((await stat(file).catch(() => undefined))?.isFile() === true) return file;
  }
  throw missing("a Debian program", path.basename(candidates[0] ?? ""));
}

async function copyInto(file: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(await realpath(file), target);
  // mount is setuid root in its package; ours are only ever started by root.
  await chmod(target, 0o755);
}

function missing(program: string, name: string): OperatorError {
  return new OperatorError(
    "PARTS_BUILD_FAILED",
    `${program} needs ${name}, which no package of parts/debian-catalog.ts has`,
    {
      next: ["Add the package that has it (`apt-file search` or packages.debian.org) to parts/debian-catalog.ts."],
    },
  );
}

function toolOptions(options: { readonly signal: AbortSignal }) {
  return {
    signal: options.signal,
    howToGet: howToGetApt,
    failure: "programs of Debian packages could not be taken",
    next: ["node parts/build.ts --only images   try again; a first build needs the archive to answer"],
  };
}
