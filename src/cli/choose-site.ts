import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OperatorError } from "../lib/errors/index.ts";
import type { Call } from "./command.ts";
import { stateFolderOf } from "./folders.ts";

/** Where a command works. */
export interface ChosenSite {
  /** Absolute path of site.yaml. */
  readonly siteFile: string;
  /** The rack whose site this is. */
  readonly rack?: string;
  /** Folders in which its bundle may lie, nearest first. */
  readonly bundleFolders: readonly string[];
}

/**
 * The site that --site or --rack name; ./site.yaml where neither is given.
 *
 * @throws OperatorError USAGE_INVALID, USAGE_SITE_MISSING
 */
export async function chooseSite(call: Call): Promise<ChosenSite> {
  const { site, rack } = call.flags;
  if (site !== undefined && rack !== undefined) {
    throw new OperatorError("USAGE_INVALID", "--site and --rack cannot be used together: a rack has its own site");
  }
  if (rack !== undefined) return await rackSite(call, rack);
  const siteFile = resolve(call.workingFolder, site ?? "site.yaml");
  if (site === undefined && !existsSync(siteFile)) {
    throw new OperatorError("USAGE_SITE_MISSING", `${call.workingFolder} has no site.yaml`, {
      next: [`${call.typed} --site FILE   names the site`, "skerry init   writes a site.yaml to start from"],
    });
  }
  return { siteFile, bundleFolders: [dirname(siteFile)] };
}

/** As chooseSite, where a command can do without: undefined where none was named and there is no ./site.yaml. */
export async function findSite(call: Call): Promise<ChosenSite | undefined> {
  const { site, rack, kubeconfig } = call.flags;
  const isNamed = site !== undefined || rack !== undefined;
  // Who names a cluster means that one, and not the site of the folder he happens to be in.
  if (!isNamed && (kubeconfig !== undefined || !existsSync(resolve(call.workingFolder, "site.yaml")))) return undefined;
  return await chooseSite(call);
}

async function rackSite(call: Call, rack: string): Promise<ChosenSite> {
  const racks = join(stateFolderOf(call), "racks");
  const folder = join(racks, rack);
  const siteFile = join(folder, "site", "site.yaml");
  // A name is one folder, never a way out of racks/.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(rack) || !existsSync(siteFile)) {
    const names = await readdir(racks).catch(() => []);
    throw new OperatorError("USAGE_SITE_MISSING", `there is no rack "${rack}"`, {
      next: [
        ...(names.length === 0 ? [] : [`name one of: ${names.join(", ")}`]),
        `skerry lab up ${rack}   starts one from the site.yaml of this folder`,
      ],
    });
  }
  const origin = await originOf(join(folder, "rack.json"));
  return { siteFile, rack, bundleFolders: [dirname(siteFile), ...(origin === undefined ? [] : [dirname(origin)])] };
}

/** The site.yaml that a rack was made from. */
async function originOf(file: string): Promise<string | undefined> {
  try {
    const { sourceSite } = JSON.parse(await readFile(file, "utf8")) as { readonly sourceSite?: unknown };
    return typeof sourceSite === "string" ? sourceSite : undefined;
  } catch {
    // A rack that is just being made; its bundle can still be named.
    return undefined;
  }
}

/**
 * The bundle that --bundle names, else the only `*.bundle.tar` in the first of the folders that has any.
 *
 * @throws OperatorError USAGE_BUNDLE_UNCLEAR
 */
export async function chooseBundle(call: Call, folders: readonly string[]): Promise<string> {
  const named = call.flags.bundle;
  if (named !== undefined) return resolve(call.workingFolder, named);
  for (const folder of folders) {
    const found = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".bundle.tar")).sort();
    const [only, ...others] = found;
    if (only === undefined) continue;
    if (others.length === 0) return join(folder, only);
    throw unclear(
      `${folder} has more than one bundle`,
      found.map((name) => `--bundle ${join(folder, name)}`),
    );
  }
  throw unclear(`there is no *.bundle.tar in ${folders.join(" or ")}`, [
    `${call.typed} --bundle FILE   names the bundle`,
    "skerry bundle create   makes one",
  ]);
}

/** As chooseBundle, where a command can do without: undefined where none was named and none is there. */
export async function findBundle(call: Call, folders: readonly string[]): Promise<string | undefined> {
  try {
    return await chooseBundle(call, folders);
  } catch (error) {
    if (call.flags.bundle === undefined && error instanceof OperatorError && error.code === "USAGE_BUNDLE_UNCLEAR") {
      return undefined;
    }
    throw error;
  }
}

function unclear(message: string, next: readonly string[]): OperatorError {
  return new OperatorError("USAGE_BUNDLE_UNCLEAR", message, { next });
}
