import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAssets, openBundle, verifyBundle } from "../../../src/bundle/index.ts";
import { isOperatorError } from "../../../src/lib/errors/index.ts";
import { makeBundle } from "../../support/bundles.ts";
import { type FakeRegistry, startFakeRegistry } from "../../support/registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();
const iso = Buffer.alloc(300_000, createHash("sha512").update("iso").digest());
const digest = `sha256:${createHash("sha256").update(iso).digest("hex")}`;
const boot = { kind: "iso", architecture: "amd64" } as const;

let server: Server;
let root: string;
let cuts: number;
let registry: FakeRegistry;
let folder: AsyncDisposable & { readonly path: string };

beforeEach(async () => {
  folder = await temporaryFolder();
  registry = await startFakeRegistry();
  registry.addImage("pause", "1", [Buffer.from("pause")]);
  cuts = 0;
  server = createServer((request, response) => {
    if (request.url === "/moved") return void response.writeHead(302, { location: "/iso" }).end();
    if (request.url !== "/iso") return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": String(iso.length) });
    if (request.method === "HEAD") return void response.end();
    if (cuts > 0) {
      cuts -= 1;
      return void response.write(iso.subarray(0, 1000), () => response.destroy());
    }
    response.end(iso);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await registry.close();
  await folder[Symbol.asyncDispose]();
});

const closureImages = [{ reference: "registry.k8s.io/pause:1", why: ["pods"] }];
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isOperatorError(error)) throw new Error("did not fail with an OperatorError", { cause: error });
  return error.code;
};

describe("openAssets()", () => {
  it("brings a file and a url, the latter through redirects and a cut connection, into the bundle", async () => {
    const path = join(folder.path, "vmlinuz");
    await writeFile(path, "a kernel");
    const schematic = "a".repeat(64);
    cuts = 2;

    const assets = await openAssets(
      [
        { kind: "kernel", architecture: "arm64", schematic, source: { path } },
        { ...boot, digest, source: { url: `${root}/moved` } },
      ],
      { signal },
    );
    const { file } = await makeBundle(registry, folder.path, { closureImages, assets });

    await verifyBundle(file, { trust: { keys: [], allowUnsigned: true }, signal });
    const bundle = await openBundle(file, { signal });
    expect(bundle.assets().map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      [`${schematic}/vmlinuz-arm64`, 8],
      ["metal-amd64.iso", 300_000],
    ]);
    await bundle.close();
    expect(cuts).toBe(0);
  });

  it("refuses a file that is another than bundle.yaml says, before anything is fetched", async () => {
    const path = join(folder.path, "metal.iso");
    await writeFile(path, "another iso");

    expect(await codeOf(openAssets([{ ...boot, digest, source: { path } }], { signal }))).toBe("BUNDLE_ASSET_CHANGED");
    expect(await codeOf(openAssets([{ ...boot, source: { path: `${path}x` } }], { signal }))).toBe("FILE_UNREADABLE");
  });

  it("refuses a url that is not there, and other bytes than its digest says", async () => {
    const wrong = `sha256:${"0".repeat(64)}`;
    const assets = await openAssets([{ ...boot, digest: wrong, source: { url: `${root}/iso` } }], { signal });

    expect(await codeOf(openAssets([{ ...boot, digest, source: { url: `${root}/no` } }], { signal }))).toBe(
      "BUNDLE_SOURCE_FAILED",
    );
    expect(await codeOf(makeBundle(registry, folder.path, { closureImages, assets }))).toBe("BUNDLE_SOURCE_FAILED");
  });
});
