import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { PackageDefinition } from "../../../src/deployer/package/definition.ts";
import { type OpenPackage, openPackage } from "../../../src/deployer/package/open-package.ts";
import { fullReference } from "../../../src/deployer/package/package.ts";
import { checkPackageImages } from "../../../src/deployer/package/package-images.ts";
import { zarfJson } from "../../../src/deployer/package/zarf-json.ts";
import { parseManifest, parseReference, targetOf } from "../../../src/oci/index.ts";
import { type RecordedPackage, recordedPackages } from "../../support/package-fixtures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();
const all = recordedPackages().map((recorded) => [recorded.name, recorded] as const);

interface RecordedEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
  readonly size: number;
  readonly sha256?: string;
  readonly link?: string;
  readonly entries?: readonly RecordedEntry[];
}
interface RecordedInspection {
  readonly definition: { readonly stdout: string };
  readonly images: { readonly stdout: string };
  readonly digest: { readonly stdout: string };
}
const read = <T>(file: string) => JSON.parse(readFileSync(file, "utf8")) as T;

async function sumOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of source) hash.update(chunk);
  return hash.digest("hex");
}

async function opened<T>({ path }: RecordedPackage, work: (pkg: OpenPackage) => Promise<T>): Promise<T> {
  await using parent = await temporaryFolder();
  const pkg = await openPackage({ path }, { signal, trust: { allowUnsigned: true }, spool: { parent: parent.path } });
  try {
    return await work(pkg);
  } finally {
    await pkg.close();
    expect(await readdir(parent.path)).toEqual([]);
  }
}

/** Without what Go writes out empty. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const inner = pruned(item);
    const isEmpty =
      typeof inner === "object" && inner !== null && !Array.isArray(inner) && Object.keys(inner).length === 0;
    return isEmpty ? [] : [[key, inner] as const];
  });
  return Object.fromEntries(entries);
}

/** A definition, made comparable: keys in the order of Go's structs, as Zarf prints them. */
const asPrinted = (definition: PackageDefinition) => pruned(zarfJson(definition, { files: "written" }));

describe("openPackage() of packages that Zarf made", () => {
  it.each(all)("gives the files of %s byte for byte", async (_name, recorded) => {
    const files = read<readonly RecordedEntry[]>(recorded.contents).filter(({ type }) => type === "file");

    await opened(recorded, async (pkg) => {
      const found = await Promise.all(
        [...pkg.files].map(async ([name, { sizeBytes, digest }]) => ({
          name,
          size: sizeBytes,
          sha256: digest.slice("sha256:".length),
          read: await sumOf(pkg.openFile(name, { signal })),
        })),
      );

      const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
      expect(found.sort(byName)).toEqual(
        files.map(({ name, size, sha256 = "" }) => ({ name, size, sha256, read: sha256 })).sort(byName),
      );
    });
  });

  it.each(all)("reads the components of %s entry for entry", async (_name, recorded) => {
    const archives = read<readonly RecordedEntry[]>(recorded.contents).filter(({ name }) =>
      name.startsWith("components/"),
    );

    await opened(recorded, async (pkg) => {
      for (const { name, entries = [] } of archives.filter(({ type }) => type === "file")) {
        const component = name.replace(/^components\/|\.tar$/g, "");
        const files = await pkg.component(component, { signal });
        const found = await Promise.all(
          [...files.entries].map(async ([path, { type, mode, sizeBytes, linkTarget }]) => ({
            name: `${component}/${path}`,
            type: { file: "file", folder: "dir", link: "symlink" }[type],
            mode: `0${mode.toString(8)}`,
            size: sizeBytes,
            ...(linkTarget === undefined ? {} : { link: linkTarget }),
            ...(type === "file" ? { sha256: await sumOf(files.open(path, { signal })) } : {}),
          })),
        );

        expect(found).toEqual(
          entries
            .filter((entry) => entry.name !== component)
            .map(({ name: path, type, mode, size, sha256, link }) => ({
              name: path,
              type,
              mode,
              size,
              ...(link === undefined ? {} : { link }),
              ...(sha256 === undefined ? {} : { sha256 }),
            })),
        );
      }
    });
  });

  it.each(all)("understands the definition of %s as Zarf does, and gives its digest", async (_name, recorded) => {
    const { definition, digest } = read<RecordedInspection>(recorded.inspect);

    await opened(recorded, async (pkg) => {
      expect(asPrinted(pkg.definition)).toEqual(parse(definition.stdout));
      expect(`${pkg.digest}\n`).toBe(digest.stdout);
    });
  });

  it.each(all)("has every image of %s whole, by the names that it lists", async (_name, recorded) => {
    const listed = (parse(read<RecordedInspection>(recorded.inspect).images.stdout) ?? []) as readonly string[];

    await opened(recorded, async (pkg) => {
      await checkPackageImages({ ...pkg, label: pkg.name }, { signal });
      for (const image of listed) {
        const { registry, repository, ...reference } = parseReference(fullReference(image));
        const descriptor = await pkg.images.resolve({
          registry,
          repository,
          reference: targetOf({ registry, repository, ...reference }),
        });
        expect({ image, isThere: descriptor !== undefined }).toEqual({ image, isThere: true });
        if (descriptor === undefined) continue;
        const chunks: Uint8Array[] = [];
        for await (const chunk of pkg.images.open(descriptor.digest, { signal })) chunks.push(chunk);
        expect(parseManifest(Buffer.concat(chunks), { what: image }).kind).toMatch(/^(image|index)$/);
        expect(await pkg.images.stat(descriptor.digest)).toBe(descriptor.size);
      }
    });
  });
});
