import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureParts } from "../../../../parts/index.ts";
import { type RegistryProcess, startRegistry } from "../../../../parts/registry-process.ts";
import { type ImagePushProgress, pushImages, registryAccess } from "../../../../src/deployer/images/index.ts";
import {
  type ContentStore,
  createRegistryClient,
  digestHex,
  layoutStore,
  mediaTypes,
} from "../../../../src/oci/index.ts";
import { type TestLayout, testLayout } from "../../../support/layout.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";
import { type FakeRegistry, startFakeRegistry } from "../../../support/registry.ts";
import { registryTags, zarfImages } from "../../../support/zarf-images.ts";

const signal = new AbortController().signal;
const fixtures = join(import.meta.dirname, "..", "..", "..", "fixtures", "zarf");
const open: { close: () => Promise<unknown> }[] = [];
let folder: string;
let layout: TestLayout;
let registry: RegistryProcess;

beforeAll(async () => {
  const { registry: binary } = await ensureParts({ only: ["registry"], signal });
  const storageDir = await mkdtemp(join(tmpdir(), "skerry-push-"));
  registry = await startRegistry({ binary, storageDir, signal });
  return async () => {
    await registry.stop();
    await rm(storageDir, { recursive: true });
  };
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-push-layout-"));
  layout = await testLayout(folder);
});
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
  await rm(folder, { recursive: true });
});

/** The registry under a name of its own, so that tests see their own repositories only. */
function accessTo(url: string, base = new URL(url).host) {
  const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 1, deadlineMs: 60_000 };
  const client = createRegistryClient({ apiRoot: `${url}/v2`, label: base, clock: leapingClock(), retry });
  const access = registryAccess(base, client);
  open.push(access);
  return access;
}

const here = (path: string): string => `${new URL(registry.url).host}/${path}`;

/** A fake that counts; the blobs of all its repositories are one heap. */
async function fake(): Promise<FakeRegistry> {
  const started = await startFakeRegistry();
  open.push(started);
  return started;
}

const writes = (started: FakeRegistry): readonly string[] =>
  started.requests.filter(({ method }) => method === "PUT" || method === "POST").map(({ url }) => url);

describe("pushImages() to distribution's registry", () => {
  it.each(["manifests-images", "image-archive"])("leaves what Zarf leaves, of the package %s", async (name) => {
    const recording = JSON.parse(
      await readFile(join(fixtures, "expected", "public", "deploy-initialised", `${name}.json`), "utf8"),
    ) as { registryContentAdded: Record<string, { digest: string; mediaType: string }> };
    const images = await zarfImages(join(fixtures, "public", name));
    open.push(images);

    const pushed = await pushImages({
      images: images.references,
      content: images.content,
      registry: accessTo(registry.url, here(name)),
      signal,
    });

    expect(await registryTags(registry.url, `${name}/`)).toEqual(recording.registryContentAdded);
    expect(new Set(pushed.map(({ outcome }) => outcome))).toEqual(new Set(["pushed"]));
  });

  it("keeps an index whole that is named by its digest", async () => {
    const images = await zarfImages(join(fixtures, "public", "sbom"));
    open.push(images);
    const access = accessTo(registry.url, here("whole"));

    const pushed = await pushImages({ images: images.references, content: images.content, registry: access, signal });

    const index = pushed.find(({ reference }) => reference.includes("@"));
    const { bytes } = await access.client.fetchManifest("whole/demo/multi", index?.digest ?? "", { signal });
    const { mediaType, manifests } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown[]>;
    expect(mediaType).toBe(mediaTypes.ociIndex);
    expect(index?.names).toEqual([here(`whole/demo/multi@${index?.digest}`)]);
    for (const { digest } of manifests as { digest: string }[]) {
      expect(await access.client.headManifest("whole/demo/multi", digest, { signal })).toBe(digest);
    }
  });

  it("sends a layer once and mounts it into other repositories", async () => {
    const shared = Buffer.alloc(100_000, "shared ");
    const references = ["a.example/one:1", "b.example/two:1", "c.example/three:1"];
    for (const name of references) await layout.addImage([shared, Buffer.from(name)], { name });
    const access = accessTo(registry.url, here("mounted"));

    const pushed = await pushImages({
      images: references,
      content: await layoutStore(folder),
      registry: access,
      signal,
    });

    const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
    const names = references.reduce((sum, { length }) => sum + length, 0);
    expect(pushed.reduce((sum, { sentBytes }) => sum + sentBytes, 0)).toBe(shared.length + config.length + names);
    for (const place of ["one", "two", "three"]) {
      const { bytes } = await access.client.fetchManifest(`mounted/${place}`, "1", { signal });
      const { layers } = JSON.parse(Buffer.from(bytes).toString()) as { layers: { digest: string; size: number }[] };
      for (const { digest } of layers) {
        expect(await access.client.hasBlob(`mounted/${place}`, digest as never, { signal })).toBe(true);
      }
    }
  });

  it("names a tag's own platforms where the package lacks some of its index", async () => {
    const content = await sparse("a.example/app:1");
    const access = accessTo(registry.url, here("sparse"));
    const request = { images: ["a.example/app:1"], content: content.store, registry: access, signal };

    const [pushed] = await pushImages(request);
    const [again] = await pushImages(request);

    expect(pushed).toMatchObject({ outcome: "pushed", digest: content.present, missingPlatforms: ["linux/arm64"] });
    expect(await access.client.headManifest("sparse/app", "1", { signal })).toBe(content.present);
    expect(again?.outcome).toBe("present");
  });

  it("refuses the digest of an index that the package does not carry whole", async () => {
    const { store, index } = await sparse("a.example/app:1");
    const access = accessTo(registry.url, here("sparse-digest"));

    const push = pushImages({ images: [`a.example/app@${index}`], content: store, registry: access, signal });

    await expect(push).rejects.toMatchObject({
      code: "IMAGE_PUSH_INCOMPLETE",
      message: expect.stringContaining("linux/arm64") as string,
    });
  });

  it("takes well under a second for 100 images that are there", { timeout: 60_000 }, async () => {
    const references = Array.from({ length: 100 }, (_, place) => `many.example/app-${place}:1`);
    for (const name of references) await layout.addImage([Buffer.from(name), Buffer.alloc(4096, name)], { name });
    const content = await layoutStore(folder);
    const request = { images: references, content, registry: accessTo(registry.url, here("many")), signal };
    await pushImages(request);

    const began = performance.now();
    const again = await pushImages({ ...request, registry: accessTo(registry.url, here("many")) });

    expect(new Set(again.map(({ outcome }) => outcome))).toEqual(new Set(["present"]));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("pushImages()", () => {
  it("asks once per name and writes nothing where all is there", async () => {
    const registry = await fake();
    const references = [
      "a.example/app:1",
      `b.example/app@${(await layout.addImage([Buffer.from("x")], { name: "b.example/app:2" })).digest}`,
    ];
    await layout.addImage([Buffer.from("layer")], { name: "a.example/app:1" });
    const request = {
      images: references,
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
    };
    await pushImages(request);
    const before = registry.requests.length;

    await pushImages(request);

    expect(registry.requests.slice(before).map(({ method }) => method)).toEqual(["HEAD", "HEAD", "HEAD"]);
  });

  it("gives a plain name to the first of two images that share it, and leaves it there", async () => {
    const registry = await fake();
    const references = ["a.example/app:1", "b.example/app:1"];
    const [first] = [await layout.addImage([Buffer.from("first")], { name: references[0] as string })];
    await layout.addImage([Buffer.from("second")], { name: references[1] as string });
    const access = accessTo(rootOf(registry));
    const request = { images: references, content: await layoutStore(folder), registry: access, signal };

    const pushed = await pushImages(request);
    const written = writes(registry).length;
    await pushImages(request);

    expect(await access.client.headManifest("app", "1", { signal })).toBe(first?.digest);
    expect(pushed.map(({ names }) => names.length)).toEqual([2, 1]);
    expect(writes(registry).length).toBe(written);
  });

  it("leaves images of another registry whose name begins like the cluster's", async () => {
    await layout.addImage([Buffer.from("x")], { name: "127.0.0.1/app:1" });
    const registry = await fake();

    const [left] = await pushImages({
      images: ["127.0.0.1/app:1"],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
    });

    expect(left).toMatchObject({ outcome: "left", names: ["127.0.0.1/app:1"] });
    expect(registry.requests).toEqual([]);
  });

  it("tells how far it is, and ends with all bytes", async () => {
    const registry = await fake();
    const layer = Buffer.alloc(3_000_000, "bytes ");
    await layout.addImage([layer], { name: "a.example/app:1" });
    const events: ImagePushProgress[] = [];

    await pushImages({
      images: ["a.example/app:1", "a.example/app:1"],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
      onProgress: (event) => events.push(event),
    });

    const last = events.at(-1);
    const config = '{"architecture":"amd64","os":"linux"}'.length;
    expect(last).toEqual({
      images: { done: 1, total: 1 },
      bytesDone: layer.length + config,
      bytesTotal: layer.length + config,
      image: "a.example/app:1",
    });
    expect(events.some(({ bytesDone }) => bytesDone > 0 && bytesDone < layer.length)).toBe(true);
  });

  it("sends again what broke, and nothing that arrived", async () => {
    const registry = await fake();
    registry.misbehave({ path: /uploads/, method: "PUT", times: 1, does: { kind: "status", status: 503 } });
    registry.misbehave({ path: /manifests/, method: "PUT", times: 1, does: { kind: "status", status: 500 } });
    await layout.addImage([Buffer.from("a layer")], { name: "a.example/app:1" });
    const access = accessTo(rootOf(registry));

    const [pushed] = await pushImages({
      images: ["a.example/app:1"],
      content: await layoutStore(folder),
      registry: access,
      signal,
    });

    expect(await access.client.headManifest("app", "1", { signal })).toBe(pushed?.digest);
  });

  it.each([
    ["IMAGE_PUSH_UNAUTHORIZED", 403],
    ["IMAGE_PUSH_REFUSED", 507],
    ["IMAGE_PUSH_REFUSED", 500],
  ])("says %s for the registry's %i, with image and registry", async (code, status) => {
    const registry = await fake();
    registry.misbehave({ path: /uploads/, method: "POST", does: { kind: "status", status, code: "DENIED" } });
    await layout.addImage([Buffer.from("x")], { name: "a.example/app:1" });

    const push = pushImages({
      images: ["a.example/app:1"],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
    });

    await expect(push).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`image a\\.example/app:1 .* registry ${registry.host}`)) as string,
      next: [expect.any(String)],
    });
  });

  it("names everything that the package lacks at once, before anything is sent", async () => {
    const registry = await fake();
    await layout.addImage([Buffer.from("x")], { name: "a.example/app:1" });

    const push = pushImages({
      images: ["a.example/app:1", "b.example/none:1", "c.example/none:2"],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
    });

    await expect(push).rejects.toMatchObject({
      code: "IMAGE_PUSH_MISSING",
      problems: [
        { message: expect.stringContaining("b.example/none:1") as string },
        { message: expect.stringContaining("c.example/none:2") as string },
      ],
    });
    expect(registry.requests).toEqual([]);
  });

  it("stops at bytes that are not what their digest says", async () => {
    const registry = await fake();
    await layout.addImage([Buffer.from("right")], { name: "a.example/app:1" });
    const store = await layoutStore(folder);
    const layer = (await layout.addBlob(Buffer.from("right"))).digest;
    const damaged: ContentStore = {
      ...store,
      open: async function* (digest, options) {
        if (digest === layer) yield Buffer.from("wrong");
        else yield* store.open(digest, options);
      },
    };

    const push = pushImages({
      images: ["a.example/app:1"],
      content: damaged,
      registry: accessTo(rootOf(registry)),
      signal,
    });

    await expect(push).rejects.toMatchObject({ code: "IMAGE_PUSH_DAMAGED" });
    expect(registry.blobs.has(layer)).toBe(false);
  });

  it("says when a layer is not in the package", async () => {
    const registry = await fake();
    await layout.addImage([Buffer.from("gone")], { name: "a.example/app:1" });
    const { digest } = await layout.addBlob(Buffer.from("gone"));
    await rm(join(folder, "blobs", "sha256", digestHex(digest)));

    const push = pushImages({
      images: ["a.example/app:1"],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
    });

    await expect(push).rejects.toMatchObject({ code: "IMAGE_PUSH_MISSING" });
  });

  it("refuses a tag that is too long with its checksum", async () => {
    const registry = await fake();
    const name = `a.example/app:${"t".repeat(120)}`;
    await layout.addImage([Buffer.from("x")], { name });

    const push = pushImages({
      images: [name],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal,
    });

    await expect(push).rejects.toMatchObject({ code: "REFERENCE_INVALID" });
  });

  it("ends with the reason of its signal, and nothing goes on", async () => {
    const registry = await fake();
    registry.misbehave({ path: /uploads/, method: "POST", does: { kind: "stall", afterBytes: 0 } });
    for (const name of ["a.example/one:1", "a.example/two:1"]) await layout.addImage([Buffer.from(name)], { name });
    const stop = new AbortController();
    const reason = new Error("interrupted");
    const push = pushImages({
      images: ["a.example/one:1", "a.example/two:1"],
      content: await layoutStore(folder),
      registry: accessTo(rootOf(registry)),
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });

    await expect(push).rejects.toBe(reason);
    expect(writes(registry)).toEqual([]);
  });
});

const rootOf = (started: FakeRegistry): string => started.apiRoot.slice(0, -"/v2".length);

/** An index of two platforms of which one is not stored. */
async function sparse(name: string) {
  const amd64 = await layout.addImage([Buffer.from("amd64")], { platform: { os: "linux", architecture: "amd64" } });
  const arm64 = await layout.addImage([Buffer.from("arm64")], { platform: { os: "linux", architecture: "arm64" } });
  const index = await layout.addManifest({ mediaType: mediaTypes.ociIndex, manifests: [amd64, arm64] }, { name });
  const file = join(folder, "blobs", "sha256", digestHex(arm64.digest));
  await stat(file);
  await rm(file);
  return { store: await layoutStore(folder), index: index.digest, present: amd64.digest };
}
