import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ContentStore, createRegistryClient, layoutStore, refNameAnnotation } from "../../src/oci/index.ts";
import { readZarfArchive } from "./zarf-archive.ts";

/** The images of a real package, unpacked into a folder of their own. */
export interface ZarfImages {
  /** As its index names them. */
  readonly references: readonly string[];
  readonly content: ContentStore;
  readonly close: () => Promise<void>;
}

/** @param set - a folder with one `zarf-package-*.tar.zst` */
export async function zarfImages(set: string): Promise<ZarfImages> {
  const name = (await readdir(set)).find((file) => file.endsWith(".tar.zst"));
  if (name === undefined) throw new Error(`no package in ${set}`);
  const folder = await mkdtemp(join(tmpdir(), "skerry-images-"));
  for (const file of await readZarfArchive(join(set, name))) {
    if (!file.name.startsWith("images/")) continue;
    const path = join(folder, file.name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.bytes);
  }
  const content = await layoutStore(join(folder, "images"));
  const references = await readIndex(join(folder, "images", "index.json"));
  return { references, content, close: () => rm(folder, { recursive: true }) };
}

async function readIndex(file: string): Promise<readonly string[]> {
  const { manifests } = JSON.parse(await readFile(file, "utf8")) as {
    manifests: { annotations?: Record<string, string> }[];
  };
  // What an index names is listed beside it without a name of its own.
  return manifests.flatMap(({ annotations }) => annotations?.[refNameAnnotation] ?? []);
}

/** Every tag below a path of a registry, with what it points to, named without the path. */
export async function registryTags(
  url: string,
  below: string,
): Promise<Record<string, { readonly digest: string; readonly mediaType: string }>> {
  const { signal } = new AbortController();
  const client = createRegistryClient({ apiRoot: `${url}/v2` });
  const found: Record<string, { digest: string; mediaType: string }> = {};
  try {
    const { repositories } = (await (await fetch(`${url}/v2/_catalog?n=1000`)).json()) as { repositories: string[] };
    for (const repository of repositories.filter((name) => name.startsWith(below))) {
      const { tags } = (await (await fetch(`${url}/v2/${repository}/tags/list`)).json()) as { tags: string[] | null };
      for (const tag of tags ?? []) {
        const { descriptor } = await client.fetchManifest(repository, tag, { signal });
        const { digest, mediaType } = descriptor;
        found[`${repository.slice(below.length)}:${tag}`] = { digest, mediaType };
      }
    }
    return found;
  } finally {
    await client.close();
  }
}
