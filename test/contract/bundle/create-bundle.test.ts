import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CreateEvent,
  checkTrust,
  createBundle,
  inspectBundle,
  openBundle,
  type StoredImage,
  verifyBundle,
} from "../../../src/bundle/index.ts";
import { isOperatorError, type OperatorError } from "../../../src/lib/errors/index.ts";
import { digestOf } from "../../../src/oci/index.ts";
import { bundleKeys, bundleOptions, definition, inPieces, makeBundle, packageInput } from "../../support/bundles.ts";
import { type FakeRegistry, startFakeRegistry } from "../../support/registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const signal = new AbortController().signal;
const unsigned = { keys: [], allowUnsigned: true };
const layer = (seed: string, sizeBytes: number): Buffer => {
  const block = createHash("sha512").update(seed).digest();
  return Buffer.alloc(sizeBytes, block);
};
const shared = layer("shared", 300_000);

let registry: FakeRegistry;
let folder: AsyncDisposable & { readonly path: string };

beforeEach(async () => {
  registry = await startFakeRegistry();
  folder = await temporaryFolder();
  registry.addImage("library/registry", "3", [shared, layer("registry", 2_500_000)]);
  registry.addImage("coredns/coredns", "v1.14.0", [shared, layer("coredns", 700_001)]);
});
afterEach(async () => {
  await registry.close();
  await folder[Symbol.asyncDispose]();
});

const two = [
  { reference: "registry:3", why: ["site registry"] },
  { reference: "registry.k8s.io/coredns/coredns:v1.14.0", why: ["cluster DNS"] },
];
const bytesOf = async (file: string): Promise<string> => digestOf(await readFile(file));
const failureOf = async (work: Promise<unknown>): Promise<OperatorError> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isOperatorError(error)) throw new Error("did not fail with an OperatorError", { cause: error });
  return error;
};

describe("createBundle()", () => {
  it("makes a plain tar with the entries of the format, each blob once", async () => {
    const { file } = await makeBundle(registry, folder.path, { closureImages: two });

    const names: string[] = [];
    const reader = extract();
    reader.end(await readFile(file));
    for await (const entry of reader) {
      const hash = createHash("sha256");
      for await (const chunk of entry) hash.update(chunk as Buffer);
      names.push(entry.header.name);
      const { uid, gid, mode, type, mtime } = entry.header;
      expect({ uid, gid, mode, type, mtime }).toEqual({
        uid: 0,
        gid: 0,
        mode: 0o644,
        type: "file",
        mtime: new Date(0),
      });
      if (entry.header.name.startsWith("blobs/")) expect(entry.header.name).toBe(`blobs/sha256/${hash.digest("hex")}`);
    }
    expect(names.slice(0, 2)).toEqual(["oci-layout", "index.json"]);
    expect(names.filter((name) => name.endsWith(digestOf(shared).slice(7)))).toHaveLength(1);
    expect(new Set(names).size).toBe(names.length);
    expect(await readdir(folder.path)).toEqual(["windpark.bundle.tar"]);
  });

  it("gives the same bytes for the same things in whatever order", async () => {
    await using other = await temporaryFolder();
    const first = await makeBundle(registry, folder.path, { closureImages: two });
    const again = await makeBundle(registry, other.path, { closureImages: [...two, ...two].reverse(), concurrency: 1 });

    expect(await bytesOf(first.file)).toBe(await bytesOf(again.file));
    expect(first.sizeBytes).toBe((await stat(first.file)).size);
  });

  it("keeps the index digest of a multi-arch image, and stores the wanted platforms only", async () => {
    const amd = registry.addImage("kubelet", undefined, [layer("amd", 1000)]);
    const arm = registry.addImage("kubelet", undefined, [layer("arm", 1000)], { architecture: "arm64", os: "linux" });
    const sbom = registry.addImage("kubelet", undefined, [layer("sbom", 10)], {});
    const index = registry.addIndex("kubelet", "v1", [
      { ...amd, platform: { os: "linux", architecture: "amd64" } },
      { ...arm, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      { ...sbom, platform: { os: "unknown", architecture: "unknown" } },
    ]);

    const { file } = await makeBundle(registry, folder.path, {
      closureImages: [{ reference: "ghcr.io/kubelet:v1", why: ["kubelet"] }],
    });

    const bundle = await openBundle(file, { signal });
    const request = { registry: "ghcr.io", repository: "kubelet", reference: "v1" };
    expect((await bundle.resolve(request))?.digest).toBe(index.digest);
    expect(await bundle.stat(digestOf(layer("amd", 1000)))).toBe(1000);
    expect(await bundle.stat(digestOf(layer("arm", 1000)))).toBeUndefined();
    expect(await bundle.stat(digestOf(layer("sbom", 10)))).toBeUndefined();
    await bundle.close();
    await verifyBundle(file, { trust: unsigned, signal });

    const both = await makeBundle(registry, folder.path, {
      definition: definition({ architectures: ["amd64", "arm64"] }),
      closureImages: [{ reference: "ghcr.io/kubelet:v1", why: ["kubelet"] }],
    });
    const wide = await openBundle(both.file, { signal });
    expect(await wide.stat(digestOf(layer("arm", 1000)))).toBe(1000);
    await wide.close();
  });

  it("names every image that is missing, why it is wanted and for which platform, and keeps the rest", async () => {
    registry.addImage("arm/only", "1", [layer("arm", 10)], { architecture: "arm64", os: "linux" });
    const events: CreateEvent[] = [];
    const closureImages = [
      ...two,
      { reference: "ghcr.io/nothing:1", why: ["package demo", "site a"] },
      { reference: "ghcr.io/arm/only:1", why: ["package b"] },
      { reference: "ghcr.io/No Image", why: ["bundle.yaml"] },
    ];

    const error = await failureOf(
      makeBundle(registry, folder.path, { closureImages, onProgress: (event) => events.push(event) }),
    );

    expect(error.code).toBe("BUNDLE_IMAGES_MISSING");
    expect(error.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^ghcr\.io\/No Image \(bundle\.yaml\): /),
      expect.stringMatching(
        /^ghcr\.io\/arm\/only:1 \(package b\): it is not for linux\/amd64; it is for linux\/arm64$/,
      ),
      expect.stringMatching(/^ghcr\.io\/nothing:1 \(package demo, site a\): /),
    ]);
    expect(events.filter(({ kind }) => kind === "image-failed")).toHaveLength(3);
    expect(await readdir(folder.path)).toEqual(["windpark.bundle.tar.partial", "windpark.bundle.tar.partial.json"]);

    // The list changes, so the file is laid out anew: what was fetched is copied, not fetched again.
    registry.addImage("nothing", "1", [layer("nothing", 500)]);
    const before = registry.requests.length;
    const wanted = [...two, { reference: "ghcr.io/nothing:1", why: ["package demo", "site a"] }];
    const { file } = await makeBundle(registry, folder.path, { closureImages: wanted });
    const fetched = registry.requests.slice(before).filter(({ url }) => url.includes("/blobs/"));
    const layers = [shared, layer("registry", 2_500_000), layer("coredns", 700_001)].map((bytes) => digestOf(bytes));
    expect(fetched.filter(({ url }) => layers.some((digest) => url.includes(digest)))).toEqual([]);
    await using other = await temporaryFolder();
    const fresh = await makeBundle(registry, other.path, { closureImages: wanted });
    expect(await bytesOf(file)).toBe(await bytesOf(fresh.file));
    expect(await readdir(folder.path)).toEqual(["windpark.bundle.tar"]);
  });

  it("covers an image only for the platforms that are wanted of it", async () => {
    const { file } = await makeBundle(registry, folder.path, {
      definition: definition({ architectures: ["amd64", "arm64"] }),
      closureImages: two.map((image) => ({ ...image, platforms: ["linux/amd64"] })),
    });
    const bundle = await openBundle(file, { signal });

    expect(bundle.images().map(({ platforms }) => platforms)).toEqual([["linux/amd64"], ["linux/amd64"]]);
    await bundle.close();
  });

  it("survives a registry that answers 500 now and then, and one that cuts the connection", async () => {
    registry.misbehave({ path: /manifests\/3$/, times: 2, does: { kind: "status", status: 500 } });
    registry.misbehave({ path: new RegExp(digestOf(shared)), times: 1, does: { kind: "cut", afterBytes: 100_000 } });

    const { file } = await makeBundle(registry, folder.path, { closureImages: two });

    await verifyBundle(file, { trust: unsigned, signal });
  });

  it.each([
    ["answers 500", { kind: "status", status: 500 }, "BUNDLE_SOURCE_FAILED"],
    ["sends other bytes", { kind: "wrong-bytes" }, "BUNDLE_SOURCE_FAILED"],
    ["sends without end", { kind: "endless" }, "BUNDLE_SOURCE_FAILED"],
    ["does not have it", { kind: "status", status: 404, code: "BLOB_UNKNOWN" }, "BUNDLE_SOURCE_FAILED"],
  ] as const)(
    "keeps everything else when a registry %s for one blob, and then fetches only that",
    async (_, does, code) => {
      const bad = digestOf(layer("coredns", 700_001));
      await using other = await temporaryFolder();
      const fresh = await makeBundle(registry, other.path, { closureImages: two });
      registry.misbehave({ path: new RegExp(`blobs/${bad}`), times: 1, does });
      if (does.kind === "status" && does.status === 500) {
        registry.misbehave({ path: new RegExp(`blobs/${bad}`), times: 4, does });
      }

      const error = await failureOf(makeBundle(registry, folder.path, { closureImages: two }));

      expect(error.code).toBe(code);
      expect(error.problems).toHaveLength(1);
      expect(error.problems[0]?.message).toContain(`${bad} (registry.k8s.io/coredns/coredns:v1.14.0)`);

      const before = registry.requests.length;
      const { file } = await makeBundle(registry, folder.path, { closureImages: two });
      const blobs = registry.requests.slice(before).filter(({ url }) => url.includes("/blobs/") && !isConfig(url));
      expect(blobs.map(({ url }) => url)).toEqual([`/v2/coredns/coredns/blobs/${bad}`]);
      expect(await bytesOf(file)).toBe(await bytesOf(fresh.file));
    },
  );

  it.each([1, 2, 3])("gives identical bytes when it was interrupted in layer %i and taken up again", async (stopIn) => {
    await using other = await temporaryFolder();
    const signingKey = { file: "bundle.key", pem: bundleKeys().privatePem };
    const reference = await makeBundle(registry, other.path, { closureImages: two, signingKey });
    const controller = new AbortController();
    const interrupted = makeBundle(registry, folder.path, {
      closureImages: two,
      signingKey,
      concurrency: 1,
      signal: controller.signal,
      source: stoppingSource(registry, folder.path, stopIn, controller),
    });
    await expect(interrupted).rejects.toThrow("stop");
    let presentBytes = 0;

    const { file } = await makeBundle(registry, folder.path, {
      closureImages: two,
      signingKey,
      onProgress: (event) => {
        if (event.kind === "planned") presentBytes = event.presentBytes;
      },
    });

    expect(presentBytes).toBeGreaterThan(stopIn === 1 ? 0 : 250_000);
    expect(await bytesOf(file)).toBe(await bytesOf(reference.file));
    expect(await readdir(folder.path)).toEqual(["windpark.bundle.tar"]);
  });

  it("keeps the ECDSA signature of an interrupted run, which would differ if it were made again", async () => {
    const { privatePem, publicPem } = bundleKeys("P-256");
    const signingKey = { file: "bundle.key", pem: privatePem };
    const controller = new AbortController();
    const source = stoppingSource(registry, folder.path, 2, controller);
    const both = { closureImages: two, signingKey };
    await expect(
      makeBundle(registry, folder.path, { ...both, signal: controller.signal, source, concurrency: 1 }),
    ).rejects.toThrow("stop");
    const noted = JSON.parse(await readFile(join(folder.path, "windpark.bundle.tar.partial.json"), "utf8"));

    const { file } = await makeBundle(registry, folder.path, both);

    const bundle = await openBundle(file, { signal });
    expect(bundle.signature).toEqual(JSON.parse(noted.signature));
    await bundle.close();
    await verifyBundle(file, { trust: { keys: [{ file: "k", pem: publicPem }], allowUnsigned: false }, signal });
  });

  it("gives identical bytes after its process was killed in the middle", async () => {
    await using other = await temporaryFolder();
    const reference = await makeBundle(registry, other.path, { closureImages: two });
    const last = digestOf(layer("coredns", 700_001));
    registry.misbehave({ path: new RegExp(`blobs/${last}`), times: 1, does: { kind: "stall", afterBytes: 300_000 } });
    const child = spawn(process.execPath, [
      "test/support/create-bundle-process.ts",
      registry.apiRoot,
      folder.path,
      ...two.map((image) => image.reference),
    ]);
    const exited = once(child, "exit");
    for await (const line of createInterface(child.stdout)) if (line === last) break;
    child.kill("SIGKILL");
    await exited;
    expect(await readdir(folder.path)).toContain("windpark.bundle.tar.lock");

    const { file } = await makeBundle(registry, folder.path, { closureImages: two });

    expect(await bytesOf(file)).toBe(await bytesOf(reference.file));
    expect(await readdir(folder.path)).toEqual(["windpark.bundle.tar"]);
  });

  it("does not believe a partial file that was changed meanwhile", async () => {
    await using other = await temporaryFolder();
    const fresh = await makeBundle(registry, other.path, { closureImages: two });
    registry.misbehave({
      path: new RegExp(digestOf(layer("coredns", 700_001))),
      times: 1,
      does: { kind: "wrong-bytes" },
    });
    await failureOf(makeBundle(registry, folder.path, { closureImages: two }));
    const partial = join(folder.path, "windpark.bundle.tar.partial");
    const bytes = await readFile(partial);
    await writeFile(partial, bytes.fill(0x55, 9000, bytes.length - 9000));

    const { file } = await makeBundle(registry, folder.path, { closureImages: two }).catch(
      // Padding that is not zeros is found at the end; the run after that begins anew.
      async () => await makeBundle(registry, folder.path, { closureImages: two }),
    );

    expect(await bytesOf(file)).toBe(await bytesOf(fresh.file));
  });

  it("copies from the bundle that it replaces", async () => {
    await makeBundle(registry, folder.path, { closureImages: two.slice(0, 1) });
    const before = registry.requests.length;

    const { file } = await makeBundle(registry, folder.path, { closureImages: two });

    const urls = registry.requests.slice(before).map(({ url }) => url);
    expect(urls.filter((url) => url.includes(digestOf(shared)))).toEqual([]);
    await verifyBundle(file, { trust: unsigned, signal });
  });

  it("refuses before fetching when the disk is too small", async () => {
    const error = await failureOf(
      makeBundle(registry, folder.path, { closureImages: two, freeBytes: async () => 1_000_000 }),
    );

    expect(error.code).toBe("BUNDLE_NO_SPACE");
    expect(registry.requests.filter(({ url }) => url.includes(digestOf(shared)))).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("refuses while another process makes the same file, and takes over from a dead one", async () => {
    const lock = join(folder.path, "windpark.bundle.tar.lock");
    await writeFile(lock, JSON.stringify({ pid: process.ppid, host: hostname() }));

    expect((await failureOf(makeBundle(registry, folder.path, { closureImages: two }))).code).toBe("BUNDLE_BUSY");

    await writeFile(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    await makeBundle(registry, folder.path, { closureImages: two });
    expect(await readdir(folder.path)).toEqual(["windpark.bundle.tar"]);
  });

  it("says so when it may not write", async () => {
    const missing = join(folder.path, "nowhere");

    expect((await failureOf(makeBundle(registry, missing, { closureImages: two }))).code).toBe("FILE_UNWRITABLE");
  });

  it("gives packages what is stored of their images, so that they can list it", async () => {
    const given: (StoredImage | undefined)[] = [];
    const { file } = await makeBundle(registry, folder.path, {
      closureImages: two,
      packages: (imageOf) => {
        const image = imageOf("registry:3");
        given.push(image, imageOf("ghcr.io/other:1"));
        const blobs = image?.manifests.flatMap(({ descriptor, blobs: below }) => [descriptor, ...below]) ?? [];
        return [packageInput("demo", { "zarf.yaml": Buffer.from("kind: ZarfPackageConfig\n") }, blobs)];
      },
    });

    expect(given[0]?.manifests).toHaveLength(1);
    expect(given[0]?.manifests[0]?.blobs).toHaveLength(3);
    expect(given[1]).toBeUndefined();
    const bundle = await openBundle(file, { signal });
    expect(bundle.packages()[0]?.manifest.layers).toHaveLength(5);
    await bundle.close();
    await verifyBundle(file, { trust: unsigned, signal });
  });

  it("stores packages and boot assets, sharing blobs with images", async () => {
    const blob = layer("registry", 2_500_000);
    const iso = randomBytes(123_456);
    const demo = packageInput("demo", {
      "zarf.yaml": Buffer.from("kind: ZarfPackageConfig\n"),
      [`images/blobs/sha256/${digestOf(blob).slice(7)}`]: blob,
      "components/a.tar": layer("component", 10_240),
    });
    const descriptor = { mediaType: "application/octet-stream", digest: digestOf(iso), size: iso.length };
    const asset = {
      name: "metal-amd64.iso",
      kind: "iso",
      architecture: "amd64",
      blob: { descriptor, open: () => inPieces(iso) },
    } as const;

    const { file } = await makeBundle(registry, folder.path, { closureImages: two, packages: [demo], assets: [asset] });

    expect(registry.requests.filter(({ url }) => url.includes(digestOf(blob)))).toEqual([]);
    const bundle = await openBundle(file, { signal });
    const [stored] = bundle.packages();
    expect(stored?.name).toBe("demo");
    expect(stored?.descriptor.digest).toBe(digestOf(demo.manifest));
    const titles = stored?.manifest.layers.map(({ annotations }) => annotations?.["org.opencontainers.image.title"]);
    expect(titles).toContain("zarf.yaml");
    expect(bundle.assets()).toEqual([
      { name: "metal-amd64.iso", kind: "iso", architecture: "amd64", digest: digestOf(iso), sizeBytes: iso.length },
    ]);
    const list = inspectBundle(bundle);
    expect(list).toMatchObject({
      name: "windpark",
      versions: [{ talos: "v1.13.9", kubernetes: "v1.36.3" }],
      images: [
        { reference: "docker.io/library/registry:3", why: ["site registry"], platforms: ["linux/amd64"] },
        { reference: "registry.k8s.io/coredns/coredns:v1.14.0", why: ["cluster DNS"] },
      ],
      packages: [{ name: "demo" }],
    });
    expect(list.images[0]?.sizeBytes).toBeGreaterThan(2_800_000);
    expect(list.packages[0]?.sizeBytes).toBeGreaterThan(2_510_000);
    expect(list.signedBy).toBeUndefined();
    await bundle.close();
    await verifyBundle(file, { trust: unsigned, signal });
  });

  it("does not take a local blob whose bytes are others than it says", async () => {
    const demo = packageInput("demo", { "zarf.yaml": Buffer.from("kind: ZarfPackageConfig\n") });
    const lying = {
      ...demo,
      layers: demo.layers.map((entry) => ({ ...entry, open: () => inPieces(Buffer.alloc(24)) })),
    };

    const error = await failureOf(makeBundle(registry, folder.path, { closureImages: two, packages: [lying] }));

    expect(error.code).toBe("BUNDLE_SOURCE_FAILED");
    expect(error.problems[0]?.message).toContain("(package demo)");
  });

  it("signs so that the key is recognised", async () => {
    const { privatePem, publicPem } = bundleKeys();
    const signingKey = { file: "bundle.key", pem: privatePem };
    const { file, keyId } = await makeBundle(registry, folder.path, { closureImages: two, signingKey });
    const bundle = await openBundle(file, { signal });

    const trust = { keys: [{ file: "bundle.pub", pem: publicPem }], allowUnsigned: false };
    expect(checkTrust(bundle, trust)).toEqual({ kind: "signed", keyId, keyFile: "bundle.pub" });
    await bundle.close();
  });

  it("leaves no listener on the signal", async () => {
    const { signal: counted, added } = countingSignal();
    await createBundle(bundleOptions(registry, folder.path, { closureImages: two, signal: counted }));

    expect(added()).toBe(0);
  });
});

const isConfig = (url: string): boolean => url.includes(digestOf('{"architecture":"amd64","os":"linux"}'));

/** A source whose n-th layer aborts the run in its middle. */
function stoppingSource(from: FakeRegistry, path: string, stopAfter: number, controller: AbortController) {
  const { source } = bundleOptions(from, path, { closureImages: [] });
  let opened = 0;
  return (reference: Parameters<typeof source>[0]) => {
    const { client, repository } = source(reference);
    const fetchBlob: typeof client.fetchBlob = async function* (name, descriptor, call) {
      const isLayer = descriptor.size > 1000;
      if (isLayer) opened += 1;
      for await (const chunk of client.fetchBlob(name, descriptor, call)) {
        if (isLayer && opened === stopAfter) controller.abort(new Error("stop"));
        yield chunk;
      }
    };
    return { client: { ...client, fetchBlob }, repository };
  };
}

/** A signal that counts listeners which were added and not removed. */
function countingSignal(): { readonly signal: AbortSignal; readonly added: () => number } {
  const controller = new AbortController();
  let count = 0;
  const { signal: watched } = controller;
  const add = watched.addEventListener.bind(watched);
  const remove = watched.removeEventListener.bind(watched);
  watched.addEventListener = (...parameters: Parameters<typeof add>) => {
    count += 1;
    add(...parameters);
  };
  watched.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    count -= 1;
    remove(...parameters);
  };
  return { signal: watched, added: () => count };
}
