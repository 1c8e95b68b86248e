import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureParts } from "../../../parts/index.ts";
import { type RegistryProcess, startRegistry } from "../../../parts/registry-process.ts";
import { openBundle, verifyBundle } from "../../../src/bundle/index.ts";
import { type OpenPackage, openPackage } from "../../../src/deployer/index.ts";
import { publishPackage } from "../../../src/deployer/package/publish.ts";
import { bundleCreate, runJourney } from "../../../src/journeys/index.ts";
import { openStoredPackage } from "../../../src/journeys/stored-package.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { createRegistryClient, digestOf, parseReference, targetOf } from "../../../src/oci/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { startZarfUpstream, type ZarfUpstream } from "../../support/zarf-upstream.ts";

/** Packages go into a bundle however they lie: what comes out of it is what went in. */
const { signal } = new AbortController();
const trust = { allowUnsigned: true };
const fixtures = path.resolve("test/fixtures/zarf/public");
const archive = path.join(fixtures, "manifests-images/zarf-package-manifests-images-amd64-1.0.0.tar.zst");
const splitHeader = path.join(fixtures, "split/zarf-package-split-amd64-1.0.0.tar.zst.part000");

let upstream: ZarfUpstream;
let registry: RegistryProcess;
let temporary: AsyncDisposable & { readonly path: string };
/** Of the bundle that was made last, or was not. */
let bundleFolder = "";

beforeAll(async () => {
  temporary = await temporaryFolder();
  upstream = await startZarfUpstream();
  const { registry: binary } = await ensureParts({ only: ["registry"], signal });
  registry = await startRegistry({ binary, storageDir: path.join(temporary.path, "registry"), signal });
});
afterAll(async () => {
  await registry?.stop();
  await upstream?.close();
  await temporary?.[Symbol.asyncDispose]();
});

const world = {
  clock: systemClock,
  random: () => 0,
  signal,
  notice: () => undefined,
  cacheDir: tmpdir(),
  concurrency: 1,
};

/** Makes a bundle of these packages as the command does, and gives the file. */
async function bundleOf(packages: string, overrides: Readonly<Record<string, string>> = {}): Promise<string> {
  bundleFolder = await mkdtemp(path.join(temporary.path, "bundle-"));
  const definitionFile = path.join(bundleFolder, "bundle.yaml");
  const head = "apiVersion: skerry.dev/v1alpha1\nkind: Bundle\nname: all\n";
  await writeFile(definitionFile, `${head}packages:\n${packages}`);
  const request = { definitionFile, registryOverrides: { ...upstream.overrides, ...overrides } };
  const result = await runJourney(await bundleCreate(request, world), {
    clock: systemClock,
    random: () => 0,
    run: "test",
    emit: () => undefined,
    signal,
  });
  if (result.failed !== undefined) throw result.failed as Error;
  return result.report?.file ?? "";
}

/** Digest, definition and every byte of a package and of its images. */
async function looks(pkg: OpenPackage): Promise<unknown> {
  const files: Record<string, string> = {};
  for (const name of pkg.files.keys())
    files[name] = digestOf(await pkg.readFile(name, { limitBytes: 64 << 20, signal }));
  const components: Record<string, unknown> = {};
  for (const { name } of pkg.definition.components)
    components[name] = [...(await pkg.component(name, { signal })).entries];
  const images: Record<string, unknown> = {};
  for (const reference of await imagesOf(pkg)) {
    const { registry: host, repository, ...rest } = parseReference(reference);
    const found = await pkg.images.resolve({
      registry: host,
      repository,
      reference: targetOf({ registry: host, repository, ...rest }),
    });
    images[reference] = found?.digest;
  }
  return { digest: pkg.digest, definition: pkg.definition, files, components, images };
}

async function imagesOf(pkg: OpenPackage): Promise<readonly string[]> {
  if (!pkg.files.has("images/index.json")) return [];
  const index = await pkg.readFile("images/index.json", { limitBytes: 4 << 20, signal });
  const { manifests } = JSON.parse(index.toString()) as { manifests: { annotations?: Record<string, string> }[] };
  return manifests.flatMap(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] ?? []);
}

/** What the bundle's only package looks like, read in its place; the bundle is verified before. */
async function storedIn(file: string): Promise<unknown> {
  const { images } = await verifyBundle(file, { trust: { keys: [], allowUnsigned: true }, signal });
  const bundle = await openBundle(file, { signal });
  try {
    const [stored, ...others] = bundle.packages();
    if (stored === undefined) throw new Error("a bundle without a package");
    expect(others).toEqual([]);
    const pkg = await openStoredPackage(bundle, stored, { signal });
    expect(pkg.signature).toBe("bundle");
    // The mirror gives them out by name.
    expect([
      images,
      bundle
        .images()
        .map(({ reference }) => reference)
        .sort(),
    ]).toEqual([new Set(await imagesOf(pkg)).size, [...new Set(await imagesOf(pkg))].sort()]);
    const seen = await looks(pkg);
    await pkg.close();
    return seen;
  } finally {
    await bundle.close();
  }
}

async function lookAt(file: string): Promise<unknown> {
  const pkg = await openPackage({ path: file }, { signal, trust });
  try {
    return await looks(pkg);
  } finally {
    await pkg.close();
  }
}

describe("bundleCreate() of packages", () => {
  it("takes one that is a file, asking no registry for its images", async () => {
    const asked = upstream.registry.requests.length;

    expect(await storedIn(await bundleOf(`  - file: ${archive}\n`))).toEqual(await lookAt(archive));
    expect(upstream.registry.requests.length).toBe(asked);
  });

  it("takes one that is in parts, by its header", async () => {
    expect(await storedIn(await bundleOf(`  - path: ${splitHeader}\n`))).toEqual(await lookAt(splitHeader));
  });

  it("takes one that was published, from where --registry-override leads", async () => {
    const client = createRegistryClient({ apiRoot: `${registry.url}/v2` });
    const pkg = await openPackage({ path: archive }, { signal, trust });
    await publishPackage(pkg, { client, namespace: "packages", signal });
    await pkg.close();
    await client.close();

    const file = await bundleOf("  - oci: oci://ghcr.io/packages/manifests-images:1.0.0\n", {
      "ghcr.io": `${registry.url}/v2`,
    });
    expect(await storedIn(file)).toEqual(await lookAt(archive));
  });

  it("makes one of a folder whose images lie in an archive, and pulls the others", async () => {
    const source = path.join(fixtures, "image-archive/src");
    const seen = (await storedIn(await bundleOf(`  - path: ${source}\n`))) as { images: Record<string, string> };

    const zarfs = (await lookAt(
      path.join(fixtures, "image-archive/zarf-package-image-archive-amd64-1.0.0.tar.zst"),
    )) as {
      images: Record<string, string>;
    };
    expect(Object.keys(seen.images)).toContain("registry.internal.example/demo/archived:1.0.0");
    expect(seen.images).toEqual(zarfs.images);
  });

  it("refuses one that runs images which nobody lists, with the list, and leaves no bundle", async () => {
    const folder = path.join(temporary.path, "unlisted");
    await cp("test/fixtures/zarf/find-images", folder, { recursive: true });

    await expect(bundleOf(`  - path: ${folder}\n`)).rejects.toMatchObject({
      code: "PACKAGE_IMAGE_UNLISTED",
      message: expect.stringMatching(/registry\.example\/migrate:2.*docker\.io\/library\/busybox:1\.36/) as string,
      problems: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining("Job/migrate of chart web") as string }),
      ]) as unknown,
    });
    expect(await readdir(bundleFolder)).toEqual(["bundle.yaml"]);
    await rm(folder, { recursive: true });
  });
});
