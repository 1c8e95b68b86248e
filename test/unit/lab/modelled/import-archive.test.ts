import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobStore } from "../../../../src/lab/modelled/images/blob-store.ts";
import { extractProgram } from "../../../../src/lab/modelled/images/extract-file.ts";
import { importArchive } from "../../../../src/lab/modelled/images/import-archive.ts";
import { digestHex, digestOf } from "../../../../src/oci/index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-import-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function tarOf(files: Readonly<Record<string, Buffer | string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return Array.fromAsync(tar as AsyncIterable<Buffer>).then((chunks) => Buffer.concat(chunks));
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

const program = "#!/bin/sh\necho hello\n";

async function image(more: { readonly annotations?: Readonly<Record<string, string>> } = {}) {
  const layer = gzipSync(await tarOf({ "usr/local/bin/app": program, README: "read me" }));
  const config = Buffer.from("{}");
  const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
    }),
  );
  const entry = { ...descriptor("application/vnd.oci.image.manifest.v1+json", manifest), ...more };
  const blob = (bytes: Buffer) => [`blobs/sha256/${digestHex(digestOf(bytes))}`, bytes] as const;
  return {
    files: Object.fromEntries([
      ["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
      ["index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] }))],
      ...[manifest, config, layer].map(blob),
    ]) as Record<string, Buffer>,
    layer,
    config,
    manifest,
  };
}

const options = () => ({
  store: openBlobStore(folder),
  platform: { os: "linux", architecture: "amd64" },
  now: new Date("2026-11-22T12:00:00Z"),
  signal: AbortSignal.timeout(5000),
});

const named = { annotations: { "io.containerd.image.name": "docker.io/library/registry:3" } };

describe("importArchive()", () => {
  it("takes in an OCI layout under the name in its index", async () => {
    const { files, manifest } = await image(named);

    const kept = await importArchive(chunks(await tarOf(files)), options());

    expect(kept).toMatchObject([{ name: "docker.io/library/registry:3", digest: digestOf(manifest) }]);
  });

  it("takes in what docker save writes", async () => {
    const { layer, config } = await image();
    const described = [{ Config: "c.json", RepoTags: ["registry:3"], Layers: ["l/layer.tar"] }];
    const files = { "c.json": config, "l/layer.tar": layer, "manifest.json": JSON.stringify(described) };

    const kept = await importArchive(chunks(await tarOf(files)), options());

    expect(kept.map((item) => item.name)).toEqual(["docker.io/library/registry:3"]);
  });

  it("refuses a blob that is not what its name says", async () => {
    const { files, layer } = await image(named);
    const path = `blobs/sha256/${digestHex(digestOf(layer))}`;

    const work = importArchive(chunks(await tarOf({ ...files, [path]: Buffer.from("other") })), options());

    await expect(work).rejects.toThrow("unexpected commit digest");
  });

  it("refuses an archive that lacks a blob, or is none", async () => {
    const { files, layer } = await image(named);
    const { [`blobs/sha256/${digestHex(digestOf(layer))}`]: _left, ...rest } = files;

    await expect(importArchive(chunks(await tarOf(rest)), options())).rejects.toThrow("not found");
    await expect(importArchive(chunks(await tarOf({ x: "y" })), options())).rejects.toThrow(
      "unrecognized image format",
    );
  });
});

describe("extractProgram()", () => {
  it("takes a program out of a layer and makes it executable", async () => {
    const { files } = await image(named);
    const { store, signal } = options();
    const [kept] = await importArchive(chunks(await tarOf(files)), options());
    if (kept === undefined) throw new Error("not imported");

    const path = await extractProgram(kept, "/usr/local/bin/app", { store, folder: join(folder, "bin"), signal });

    expect(await readFile(path, "utf8")).toBe(program);
    await expect(
      extractProgram(kept, "/usr/local/bin/none", { store, folder: join(folder, "bin"), signal }),
    ).rejects.toThrow("no such file or directory");
  });
});
