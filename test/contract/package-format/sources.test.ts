import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type OpenOptions, openPackage, type PackageSource } from "../../../src/deployer/package/open-package.ts";
import { publishedManifest } from "../../../src/deployer/package/published-manifest.ts";
import { badPackages } from "../../support/package-fixtures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();
const trust = { allowUnsigned: true };
const archive = "test/fixtures/zarf/public/manifests-images/zarf-package-manifests-images-amd64-1.0.0.tar.zst";
const plain = "test/fixtures/zarf/public/uncompressed/zarf-package-uncompressed-amd64-1.0.0.tar";
const splitHeader = "test/fixtures/zarf/public/split/zarf-package-split-amd64-1.0.0.tar.zst.part000";

const open = (path: string, options: Partial<OpenOptions> = {}) => openPackage({ path }, { signal, trust, ...options });

async function unpackInto(folder: string): Promise<string> {
  const pkg = await open(archive);
  for (const path of pkg.files.keys()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), await pkg.readFile(path, { limitBytes: 1 << 24, signal }));
  }
  await pkg.close();
  return folder;
}

describe("openPackage() of a .tar.zst", () => {
  it("says what it needs before it writes, into a folder that only its owner enters, and removes it", async () => {
    await using parent = await temporaryFolder();
    const told: { readonly bytes: number; readonly names: readonly string[] }[] = [];
    const expanded = zstdDecompressSync(readFileSync(archive)).length;

    const pkg = await open(archive, {
      spool: {
        parent: parent.path,
        onSpool: ({ bytes, folder }) => void told.push({ bytes, names: [folder] }),
      },
    });

    const [folder = ""] = await readdir(parent.path);
    expect(told).toHaveLength(1);
    expect(told[0]?.bytes).toBeGreaterThanOrEqual(expanded);
    expect(told[0]?.bytes).toBeLessThan(expanded + (256 << 10));
    expect((await stat(join(parent.path, folder))).mode & 0o777).toBe(0o700);
    await pkg.close();
    await pkg.close();
    expect(await readdir(parent.path)).toEqual([]);
  });

  it("keeps only what tells about the package where no more is wanted, and checks all of it", async () => {
    await using parent = await temporaryFolder();
    const pkg = await open(archive, { keep: "definition", spool: { parent: parent.path } });

    const [folder = ""] = await readdir(parent.path);
    const whole = await open(archive);
    const kept = (await stat(join(parent.path, folder, "content"))).size;
    const told = [...pkg.files].filter(([path]) => !/^components\/|^images\/blobs/.test(path));
    expect(kept).toBe(told.reduce((sum, [, { sizeBytes }]) => sum + sizeBytes, 0));
    expect([...pkg.files]).toEqual([...whole.files]);
    expect((await pkg.readFile("images/index.json", { limitBytes: 1 << 20, signal })).toString()).toContain(
      "manifests",
    );
    await pkg.close();
    await whole.close();
    const changed = join(badPackages, "changed-component.tar.zst");
    await expect(open(changed, { keep: "definition" })).rejects.toMatchObject({ code: "PACKAGE_DAMAGED" });
  });

  it("removes what a killed run left behind, and nothing of a run that goes on", async () => {
    await using parent = await temporaryFolder();
    await mkdir(join(parent.path, "skerry-package-999999999-abc"));
    await mkdir(join(parent.path, `skerry-package-${process.pid}-abc`));

    const pkg = await open(archive, { spool: { parent: parent.path } });
    await pkg.close();

    expect(await readdir(parent.path)).toEqual([`skerry-package-${process.pid}-abc`]);
  });

  it("stops when it is aborted, leaving nothing behind", async () => {
    await using parent = await temporaryFolder();
    const abort = new AbortController();
    const spool = { parent: parent.path, onSpool: () => abort.abort(new Error("enough")) };

    await expect(open(archive, { signal: abort.signal, spool })).rejects.toThrow("enough");
    expect(await readdir(parent.path)).toEqual([]);
  });

  it("refuses before it writes what there is no room for", async () => {
    await using parent = await temporaryFolder();
    const asked: string[] = [];
    const freeBytesOf = (folder: string) => {
      asked.push(folder);
      return Promise.resolve(1 << 20);
    };
    const onSpool = () => expect.unreachable();

    await expect(open(archive, { spool: { parent: parent.path, freeBytesOf, onSpool } })).rejects.toMatchObject({
      code: "PACKAGE_NO_SPACE",
    });
    expect(asked).toEqual([parent.path]);
    expect(await readdir(parent.path)).toEqual([]);
  });

  it("refuses what expands a lot before it looks for room, unless that is said", async () => {
    const bomb = join(badPackages, "bomb.tar.zst");
    const freeBytesOf = () => Promise.resolve(2 ** 31);

    await expect(open(bomb, { spool: { freeBytesOf } })).rejects.toMatchObject({ code: "PACKAGE_TOO_LARGE" });
    await expect(open(bomb, { spool: { freeBytesOf, maxRatio: 100_000 } })).rejects.toMatchObject({
      code: "PACKAGE_NO_SPACE",
    });
  });

  it("refuses a file beyond the limit of whoever reads it", async () => {
    const pkg = await open(archive);

    await expect(pkg.readFile("images/index.json", { limitBytes: 10, signal })).rejects.toMatchObject({
      code: "PACKAGE_INVALID",
    });
    await expect(pkg.readFile("no/such/file", { limitBytes: 10, signal })).rejects.toMatchObject({
      code: "PACKAGE_INVALID",
    });
    await pkg.close();
  });
});

describe("openPackage() of what is read in place", () => {
  it("notices bytes that change after they were checked", async () => {
    await using parent = await temporaryFolder();
    const file = join(parent.path, "p.tar");
    await cp(plain, file);
    const pkg = await open(file);
    const component = await pkg.component(pkg.definition.components[0]?.name ?? "", { signal });
    await writeFile(file, Buffer.alloc((await stat(file)).size, "x"));

    const [path = ""] = [...component.entries].find(([, { type }]) => type === "file") ?? [];
    await expect(component.read(path, { limitBytes: 1 << 20, signal })).rejects.toMatchObject({
      code: "PACKAGE_DAMAGED",
    });
    await expect(pkg.readFile("images/index.json", { limitBytes: 1 << 20, signal })).rejects.toMatchObject({
      code: "PACKAGE_DAMAGED",
    });
    await pkg.close();
  });

  it("writes nothing for a .tar", async () => {
    await using parent = await temporaryFolder();
    const pkg = await open(plain, { spool: { parent: parent.path } });

    for (const { name } of pkg.definition.components) await pkg.component(name, { signal });
    expect(await readdir(parent.path)).toEqual([]);
    await pkg.close();
  });

  it("reads a split package, compressed or not, and leaves its parts where they are", async () => {
    const folder = dirname(splitHeader);
    const before = await readdir(folder);
    const pkg = await open(splitHeader);
    expect(pkg.name).toBe("split");
    await pkg.close();
    expect(await readdir(folder)).toEqual(before);

    await using own = await temporaryFolder();
    const tar = await readFile(plain);
    const sum = createHash("sha256").update(tar).digest("hex");
    const cut = Math.ceil(tar.length / 3);
    for (const index of [0, 1, 2])
      await writeFile(join(own.path, `p.tar.part00${index + 1}`), tar.subarray(index * cut, (index + 1) * cut));
    const header = join(own.path, "p.tar.part000");
    await writeFile(header, JSON.stringify({ Sha256Sum: sum, Bytes: tar.length, Count: 3 }));
    const whole = await open(plain);
    const parts = await open(header);
    expect(parts.digest).toBe(whole.digest);
    for (const path of parts.files.keys())
      expect(await parts.readFile(path, { limitBytes: 1 << 24, signal })).toEqual(
        await whole.readFile(path, { limitBytes: 1 << 24, signal }),
      );
    await parts.close();
    await whole.close();
    await writeFile(header, JSON.stringify({ Sha256Sum: sum.replace(/^./, "f"), Bytes: tar.length, Count: 3 }));
    await expect(open(header)).rejects.toMatchObject({ code: "PACKAGE_DAMAGED" });
  });

  it("reads a folder that a package was unpacked into, and no link in it", async () => {
    await using parent = await temporaryFolder();
    const folder = await unpackInto(join(parent.path, "package"));
    const unpacked = await open(folder);
    const packed = await open(archive);
    expect(unpacked.digest).toBe(packed.digest);
    await unpacked.close();
    await packed.close();

    await symlink("/etc/hostname", join(folder, "link"));
    await expect(open(folder)).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
  });

  it.each(["package.zip", "package.tar.gz", "package"])("says what it takes when it is given %s", async (name) => {
    await using parent = await temporaryFolder();
    await writeFile(join(parent.path, name), "x");

    await expect(open(join(parent.path, name))).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
    await expect(open(join(parent.path, "missing.tar"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });

  it("reads archives of other compressors: frames in a row, with notes between them", async () => {
    await using parent = await temporaryFolder();
    const tar = zstdDecompressSync(await readFile(archive));
    const note = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), Buffer.from("note")]);
    const file = join(parent.path, "p.tar.zst");
    const half = tar.length >> 1;
    await writeFile(file, [
      note,
      zstdCompressSync(tar.subarray(0, half)),
      note,
      zstdCompressSync(tar.subarray(half)),
      note,
    ]);
    const [ours, theirs] = [await open(file), await open(archive)];

    expect(ours.digest).toBe(theirs.digest);
    await ours.close();
    await theirs.close();
  });
});

describe("openPackage() of a package in published form", () => {
  async function published(): Promise<PackageSource & { readonly read: () => number }> {
    const pkg = await open(archive);
    const { digest, config, layers } = publishedManifest(pkg.definition, pkg.files);
    const blobs = new Map<string, Buffer>();
    for (const [path, file] of pkg.files)
      blobs.set(file.digest, await pkg.readFile(path, { limitBytes: 1 << 24, signal }));
    await pkg.close();
    let bytes = 0;
    return {
      digest,
      manifest: { config, layers },
      read: () => bytes,
      readBlob: async function* (wanted) {
        const blob = blobs.get(wanted) ?? Buffer.alloc(0);
        bytes += blob.length;
        yield blob;
      },
    };
  }

  it("is covered by the bundle that it lies in, and reads only what is asked for", async () => {
    const source = await published();
    const pkg = await openPackage({ published: source, isCovered: true }, { signal, trust: {} });

    expect([pkg.signature, pkg.digest]).toEqual(["bundle", source.digest]);
    const small = ["zarf.yaml", "checksums.txt", "images/index.json"].map(
      (path) => pkg.files.get(path)?.sizeBytes ?? 0,
    );
    expect(source.read()).toBe(small.reduce((a, b) => a + b));
    await pkg.close();
  });

  it.each([
    [
      "other bytes",
      async function* () {
        yield Buffer.from("other");
      },
    ],
    ["nothing", async function* () {}],
    [
      "bytes without end",
      async function* () {
        for (;;) yield Buffer.alloc(1 << 16);
      },
    ],
  ])("refuses %s under a digest", async (_what, readBlob) => {
    const source = { ...(await published()), readBlob };

    await expect(openPackage({ published: source }, { signal, trust })).rejects.toMatchObject({
      code: "PACKAGE_DAMAGED",
    });
  });

  it("refuses sizes beyond their limits before reading, and what is no package", async () => {
    const source = await published();
    const readBlob = () => {
      throw new Error("must not be read");
    };
    const layers = source.manifest.layers.map((layer) => ({ ...layer, size: 1e12 }));
    const config = { ...source.manifest.config, mediaType: "application/vnd.oci.image.config.v1+json" };

    await expect(
      openPackage({ published: { ...source, readBlob, manifest: { ...source.manifest, layers } } }, { signal, trust }),
    ).rejects.toMatchObject({ code: "PACKAGE_TOO_LARGE" });
    await expect(
      openPackage({ published: { ...source, readBlob, manifest: { ...source.manifest, config } } }, { signal, trust }),
    ).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
  });
});
