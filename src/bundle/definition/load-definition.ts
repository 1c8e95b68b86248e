import { glob, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Problem } from "../../lib/errors/index.ts";
import { readTextFile } from "../../lib/files.ts";
import { documentInvalid, parseYamlDocument } from "../../lib/yaml/index.ts";
import { type AssetEntry, BundleDefinition } from "./schema.ts";

/** Where a package of the definition comes from; paths are absolute. */
export type PackageSource =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "oci"; readonly reference: string };

/** A boot asset of the definition; `source` is an absolute path or a URL. */
export interface AssetSource {
  readonly kind: AssetEntry["kind"];
  readonly architecture: AssetEntry["architecture"];
  readonly schematic?: string;
  readonly digest?: string;
  readonly source: { readonly path: string } | { readonly url: string };
}

/** A bundle.yaml that was read: as written, and with its paths resolved. */
export interface LoadedDefinition {
  /** As written, with defaults: what goes into the bundle. Holds no path of this machine that was not written there. */
  readonly definition: BundleDefinition;
  /** Absolute path of bundle.yaml. */
  readonly file: string;
  /** Absolute paths of the site.yaml files, globs expanded, sorted, each once. */
  readonly siteFiles: readonly string[];
  readonly packages: readonly PackageSource[];
  readonly assets: readonly AssetSource[];
  /** Absolute path of the private key, when the bundle is to be signed. */
  readonly signKeyFile?: string;
}

/**
 * Reads and checks a bundle.yaml. Reads no secrets and opens none of the files it names.
 *
 * @param file - path, absolute or relative to the working folder
 * @throws OperatorError FILE_UNREADABLE, DOCUMENT_INVALID (every problem as file:line:column, also files that are not there)
 */
export async function loadBundleDefinition(file: string): Promise<LoadedDefinition> {
  const { value, where } = parseYamlDocument(await readTextFile(file), { file, schema: BundleDefinition });
  const folder = dirname(resolve(file));
  const problems: Problem[] = [];
  const absolute = async (path: string, at: readonly (string | number)[]): Promise<string> => {
    const full = resolve(folder, path);
    if (!(await exists(full)))
      problems.push({ message: `${path}: there is no such file or folder`, where: { file: where(at) } });
    return full;
  };

  const siteFiles = new Set<string>();
  for (const [index, pattern] of value.sites.entries()) {
    const found = await matching(pattern, folder);
    if (found.length === 0)
      problems.push({ message: `${pattern} matches no file`, where: { file: where(["sites", index]) } });
    for (const path of found) siteFiles.add(path);
  }
  const packages: PackageSource[] = [];
  for (const [index, entry] of value.packages.entries()) {
    if (entry.path?.startsWith("oci://") === true)
      packages.push({ kind: "oci", reference: entry.path.slice("oci://".length) });
    else if (entry.path !== undefined) {
      const path = await absolute(entry.path, ["packages", index, "path"]);
      packages.push({ kind: (await isPackageFile(path)) ? "file" : "folder", path });
    }
    if (entry.file !== undefined)
      packages.push({ kind: "file", path: await absolute(entry.file, ["packages", index, "file"]) });
    if (entry.oci !== undefined) packages.push({ kind: "oci", reference: entry.oci.slice("oci://".length) });
  }
  const assets: AssetSource[] = [];
  for (const [index, entry] of value.assets.entries()) {
    const { path, url, ...rest } = entry;
    if (path !== undefined)
      assets.push({ ...defined(rest), source: { path: await absolute(path, ["assets", index, "path"]) } });
    else if (url !== undefined) assets.push({ ...defined(rest), source: { url } });
  }
  const names = assets.map(assetName);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index)
      problems.push({ message: `${name} is there twice`, where: { file: where(["assets", index]) } });
  }
  const signKeyFile = value.sign === undefined ? undefined : await absolute(value.sign.key, ["sign", "key"]);

  if (problems.length > 0) throw documentInvalid(file, problems);
  return {
    definition: value,
    file: resolve(file),
    siteFiles: [...siteFiles].sort(),
    packages,
    assets,
    ...(signKeyFile === undefined ? {} : { signKeyFile }),
  };
}

/** What an asset is called in the bundle: as Talos names its release files, in a folder per schematic. */
export function assetName({
  kind,
  architecture,
  schematic,
}: Pick<AssetSource, "kind" | "architecture" | "schematic">): string {
  const names = {
    kernel: `vmlinuz-${architecture}`,
    initramfs: `initramfs-${architecture}.xz`,
    uki: `metal-${architecture}-uki.efi`,
    iso: `metal-${architecture}.iso`,
  };
  return schematic === undefined ? names[kind] : `${schematic}/${names[kind]}`;
}

/** Drops keys that are there with the value undefined, which zod leaves for optional ones. */
function defined(entry: Omit<AssetEntry, "path" | "url">): Omit<AssetSource, "source"> {
  const { kind, architecture, schematic, digest } = entry;
  return {
    kind,
    architecture,
    ...(schematic === undefined ? {} : { schematic }),
    ...(digest === undefined ? {} : { digest }),
  };
}

async function matching(pattern: string, folder: string): Promise<readonly string[]> {
  if (!/[*?[\]{}]/.test(pattern)) {
    const full = resolve(folder, pattern);
    return (await exists(full)) ? [full] : [];
  }
  const found: string[] = [];
  for await (const path of glob(pattern, { cwd: folder })) found.push(resolve(folder, path));
  return found;
}

/** A file that is no definition is a package that is made already, or the first of its parts. */
async function isPackageFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile() && !/\.ya?ml$/.test(path),
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
