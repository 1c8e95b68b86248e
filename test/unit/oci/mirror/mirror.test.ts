import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { Agent, request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import {
  type ContentStore,
  type Descriptor,
  digestHex,
  digestOf,
  layoutStore,
  type Mirror,
  type MirrorOptions,
  type MirrorRequest,
  parseDigest,
  startMirror,
} from "../../../../src/oci/index.ts";
import { type TestAuthority, testAuthority } from "../../../support/authority.ts";
import { type TestLayout, testLayout } from "../../../support/layout.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const signal = new AbortController().signal;
const open: (() => PromiseLike<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Setup {
  readonly mirror: Mirror;
  readonly layout: TestLayout;
  readonly authority: TestAuthority;
  readonly seen: MirrorRequest[];
  /** Resolves when so many requests are over. */
  readonly requests: (count: number) => Promise<void>;
  readonly get: (
    path: string,
    options?: { method?: "GET" | "PUT" | "POST" | "DELETE" | "HEAD" | "PATCH"; headers?: Record<string, string> },
  ) => Promise<{
    status: number;
    headers: Record<string, string | string[] | undefined>;
    body: Buffer;
  }>;
}

async function setUp(
  prepare: (layout: TestLayout) => Promise<unknown>,
  options: { wrap?: (store: ContentStore) => ContentStore } & Partial<MirrorOptions> = {},
): Promise<Setup> {
  const folder = await temporaryFolder();
  open.push(() => folder[Symbol.asyncDispose]());
  const layout = await testLayout(folder.path);
  await prepare(layout);
  const authority = testAuthority();
  const seen: MirrorRequest[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const store = await layoutStore(folder.path);
  const mirror = await startMirror({
    address: "127.0.0.1",
    port: 0,
    tls: authority.server(),
    signal,
    onRequest: (one) => {
      seen.push(one);
      for (const { count, resolve } of waiting) if (seen.length >= count) resolve();
    },
    ...options,
    store: options.wrap?.(store) ?? store,
  });
  open.push(() => mirror.close());
  const agent = new Agent({ connect: { ca: authority.ca } });
  open.push(() => agent.destroy());
  return {
    mirror,
    layout,
    authority,
    seen,
    requests: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        if (seen.length >= count) resolve();
      }),
    get: async (path, { method = "GET", headers = {} } = {}) => {
      const answer = await request(`${mirror.url}${path}`, { method, headers, dispatcher: agent });
      return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
    },
  };
}

const errorOf = (body: Buffer) =>
  (JSON.parse(body.toString()) as { errors: { code: string; message: string; detail?: unknown }[] }).errors[0];

describe("startMirror()", () => {
  it("keeps two registries apart that have the same repository", async () => {
    let docker: Descriptor | undefined;
    let quay: Descriptor | undefined;
    const { get } = await setUp(async (layout) => {
      docker = await layout.addImage([Buffer.from("a")], { name: "docker.io/team/app:1" });
      quay = await layout.addImage([Buffer.from("b")], { name: "quay.io/team/app:1" });
    });
    const digestAt = async (path: string) => (await get(path)).headers["docker-content-digest"];

    expect(docker?.digest).not.toBe(quay?.digest);
    expect(await digestAt("/v2/docker.io/team/app/manifests/1")).toBe(docker?.digest);
    expect(await digestAt("/v2/quay.io/team/app/manifests/1")).toBe(quay?.digest);
    expect(await digestAt("/v2/quay.io/team/app/manifests/1?ns=quay.io")).toBe(quay?.digest);
    expect(await digestAt("/v2/team/app/manifests/1?ns=quay.io")).toBe(quay?.digest);
    expect(await digestAt("/v2/team/app/manifests/1?ns=registry-1.docker.io")).toBe(docker?.digest);
    expect(await digestAt("/v2/team/app/manifests/1")).toBe(docker?.digest);
    expect((await get("/v2/team/app/manifests/1?ns=ghcr.io")).status).toBe(404);
  });

  it("says in a 404 what was asked", async () => {
    const { get } = await setUp(async (layout) => await layout.addImage([], { name: "ghcr.io/team/app:1" }));

    const { body } = await get("/v2/team/other/manifests/2?ns=ghcr.io");

    expect(errorOf(body)).toMatchObject({
      code: "MANIFEST_UNKNOWN",
      detail: { registry: "ghcr.io", repository: "team/other", reference: "2" },
    });
    for (const word of ["ghcr.io", "team/other", "2"]) expect(errorOf(body)?.message).toContain(word);
  });

  it.each(["PUT", "POST", "PATCH", "DELETE"] as const)("refuses %s: it can be pulled from only", async (method) => {
    const { get } = await setUp(async () => undefined);

    const { status, headers, body } = await get("/v2/team/app/manifests/1", { method });

    expect([status, headers["allow"], errorOf(body)?.code]).toEqual([405, "GET, HEAD", "UNSUPPORTED"]);
  });

  it("bounds what it reads of a request", async () => {
    const { get } = await setUp(async () => undefined);

    expect((await get(`/v2/${"a".repeat(5000)}/manifests/1`)).status).toBe(414);
    expect((await get("/v2/", { headers: { "x-long": "a".repeat(20_000) } })).status).toBe(431);
  });

  it("honours a Range only for the content it was meant for", async () => {
    const bytes = Buffer.from("0123456789");
    const { get } = await setUp(async (layout) => await layout.addBlob(bytes));
    const path = `/v2/team/app/blobs/${digestOf(bytes)}`;

    const same = await get(path, { headers: { range: "bytes=3-4", "if-range": `"${digestOf(bytes)}"` } });
    const other = await get(path, { headers: { range: "bytes=3-4", "if-range": '"another"' } });

    expect([same.status, same.body.toString()]).toEqual([206, "34"]);
    expect([other.status, other.body.toString()]).toEqual([200, "0123456789"]);
  });

  it("tells of every request: who, which image, how much", async () => {
    const layer = Buffer.alloc(2_500_000, "x");
    let image: Descriptor | undefined;
    const { get, seen, requests, mirror } = await setUp(async (layout) => {
      image = await layout.addImage([layer], { name: "docker.io/library/registry:3" });
    });

    await get("/v2/library/registry/manifests/3?ns=docker.io", { method: "HEAD" });
    await get(`/v2/docker.io/library/registry/manifests/${image?.digest}`);
    await get(`/v2/docker.io/library/registry/blobs/${digestOf(layer)}`);
    await get("/v2/docker.io/library/registry/manifests/4");
    await requests(4);

    const common = { client: "127.0.0.1", repository: "docker.io/library/registry", isComplete: true };
    expect(seen).toMatchObject([
      {
        ...common,
        method: "HEAD",
        kind: "manifest",
        image: "docker.io/library/registry:3",
        digest: image?.digest,
        status: 200,
        bytes: 0,
      },
      {
        ...common,
        kind: "manifest",
        image: `docker.io/library/registry@${image?.digest}`,
        status: 200,
        bytes: image?.size,
      },
      { ...common, kind: "blob", digest: digestOf(layer), status: 200, bytes: layer.length },
      { ...common, kind: "manifest", image: "docker.io/library/registry:4", status: 404, bytes: 0 },
    ]);
    expect(mirror.stats()).toEqual({ requests: 4, bytes: layer.length + (image?.size ?? 0), active: 0 });
  });

  it("speaks TLS 1.2 and later, nothing older", async () => {
    const { mirror, authority } = await setUp(async () => undefined);
    const versionWith = async (maxVersion: "TLSv1.1" | "TLSv1.2") => {
      // OpenSSL itself refuses to offer 1.1 at its default level.
      const socket: TLSSocket = connect({
        host: "127.0.0.1",
        port: mirror.port,
        ca: authority.ca,
        minVersion: "TLSv1.1",
        maxVersion,
        ciphers: "DEFAULT@SECLEVEL=0",
      });
      try {
        await once(socket, "secureConnect");
        return socket.getProtocol();
      } finally {
        socket.destroy();
      }
    };

    expect(await versionWith("TLSv1.2")).toBe("TLSv1.2");
    await expect(versionWith("TLSv1.1")).rejects.toMatchObject({
      code: expect.stringMatching(/PROTOCOL|ECONNRESET/) as string,
    });
  });

  it("says which port is taken and what to do", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    open.push(async () => void other.close());
    const { port } = other.address() as AddressInfo;

    await expect(setUp(async () => undefined, { port })).rejects.toMatchObject({
      code: "MIRROR_PORT_TAKEN",
      next: expect.arrayContaining([expect.stringContaining(String(port)) as string]) as string[],
    });
  });

  it("says when the address is not this machine's", async () => {
    await expect(setUp(async () => undefined, { address: "192.0.2.1" })).rejects.toMatchObject({
      code: "MIRROR_ADDRESS_UNAVAILABLE",
    });
  });

  it("is closed by its signal, connections in use too", async () => {
    const controller = new AbortController();
    const layer = Buffer.alloc(50_000_000);
    const { mirror, seen, requests, authority } = await setUp(async (layout) => await layout.addBlob(layer), {
      signal: controller.signal,
    });
    const socket = await idlePuller(mirror, authority, digestOf(layer));

    controller.abort();
    await Promise.all([requests(1), mirror.close()]);
    socket.destroy();

    expect(seen[0]).toMatchObject({ kind: "blob", isComplete: false });
    await expect(request(mirror.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

/** A puller that asks for a blob and then reads no more than the first bytes. */
async function idlePuller(mirror: Mirror, authority: TestAuthority, digest: string): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port: mirror.port, ca: authority.ca });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  socket.write(`GET /v2/team/app/blobs/${digest} HTTP/1.1\r\nhost: mirror\r\n\r\n`);
  await once(socket, "readable");
  return socket;
}

describe("a mirror's content", () => {
  /** Counts passes over the store. */
  function counting(store: ContentStore) {
    const opened: { digest: string; start: number; bytes: number }[] = [];
    const wrapped: ContentStore = {
      ...store,
      open: async function* (digest, options) {
        const entry = { digest, start: options.start ?? 0, bytes: 0 };
        opened.push(entry);
        for await (const chunk of store.open(digest, options)) {
          entry.bytes += chunk.length;
          yield chunk;
        }
      },
    };
    return { opened, wrapped };
  }

  it("is checked once per digest, however many pull it", async () => {
    const layer = Buffer.alloc(3_000_000, "y");
    let opened: ReturnType<typeof counting>["opened"] = [];
    const { get } = await setUp(async (layout) => await layout.addBlob(layer), {
      wrap: (store) => {
        const counted = counting(store);
        opened = counted.opened;
        return counted.wrapped;
      },
    });
    const path = `/v2/team/app/blobs/${digestOf(layer)}`;

    const first = await Promise.all(Array.from({ length: 8 }, () => get(path)));
    const passes = opened.length;
    await get(path);

    expect(first.every(({ body }) => body.equals(layer))).toBe(true);
    expect([passes, opened.length]).toEqual([9, 10]);
  });

  it.each([
    ["one bit flipped", (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 1_234_567 ? byte ^ 1 : byte)))],
    ["the end missing", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["bytes too many", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("x")])],
  ])("with %s is cut off before its end, reported, and never served again", async (_, damage) => {
    const layer = Buffer.alloc(2_500_000, "z");
    const digest = digestOf(layer);
    const { get, seen, requests, layout } = await setUp(async (one) => await one.addBlob(layer), {
      // The size is what the bundle's header says, whatever the bytes are.
      wrap: (store) => ({ ...store, stat: async () => layer.length }),
    });
    await writeFile(join(layout.folder, "blobs", "sha256", digestHex(digest)), damage(layer));
    const path = `/v2/team/app/blobs/${digest}`;

    const ways = [{}, { headers: { range: "bytes=0-10" } }];
    await expect(get(path)).rejects.toThrow();
    const later = await Promise.all(ways.map((way) => get(path, way)));
    await requests(3);

    expect(later.map(({ status }) => status)).toEqual([500, 500]);
    for (const one of seen) expect(one.problem?.code).toBe("MIRROR_CONTENT_DAMAGED");
    expect(seen[0]).toMatchObject({ isComplete: false });
    expect(seen[0]?.bytes).toBeLessThan(layer.length);
  });

  it("is not given in parts before it is checked whole", async () => {
    const layer = Buffer.alloc(2_500_000, "z");
    const digest = digestOf(layer);
    const { get, layout } = await setUp(async (one) => await one.addBlob(layer));
    const damaged = Buffer.from(layer);
    damaged[2_000_000] = 0;
    await writeFile(join(layout.folder, "blobs", "sha256", digestHex(digest)), damaged);

    const answer = await get(`/v2/team/app/blobs/${digest}`, { headers: { range: "bytes=0-10" } });

    expect(answer.status).toBe(500);
  });

  it("waits for a puller instead of being held in memory", async () => {
    const layer = Buffer.alloc(64_000_000);
    const digest = digestOf(layer);
    let opened: ReturnType<typeof counting>["opened"] = [];
    const { get, mirror, authority, requests, seen } = await setUp(async (layout) => await layout.addBlob(layer), {
      wrap: (store) => {
        const counted = counting(store);
        opened = counted.opened;
        return counted.wrapped;
      },
    });
    await get(`/v2/team/app/blobs/${digest}`);
    const socket = await idlePuller(mirror, authority, digest);
    await get(`/v2/team/app/blobs/${digest}`);

    const held = opened.findLast((_, at) => at === opened.length - 2);
    socket.destroy();
    await requests(3);

    expect(held?.bytes).toBeLessThan(32_000_000);
    expect(seen.filter(({ isComplete }) => !isComplete).length).toBe(1);
  });

  it("that the store can no longer read is an answer with the store's words", async () => {
    const gone = new OperatorError("FILE_UNREADABLE", "the stick is gone");
    const layer = Buffer.from("abc");
    const { get, seen, requests } = await setUp(async (layout) => await layout.addBlob(layer), {
      wrap: (store) => ({
        ...store,
        // biome-ignore lint/correctness/useYield: it fails before the first chunk
        open: async function* () {
          throw await Promise.resolve(gone);
        },
      }),
    });

    const { status, body } = await get(`/v2/team/app/blobs/${digestOf(layer)}`);
    await requests(1);

    expect([status, errorOf(body)?.message]).toEqual([500, "the stick is gone"]);
    expect(seen[0]).toMatchObject({ problem: { code: "FILE_UNREADABLE" }, status: 500 });
  });

  it("is checked again when the store could not be read the first time", async () => {
    const layer = Buffer.alloc(1000, "q");
    let failures = 2;
    const { get } = await setUp(async (layout) => await layout.addBlob(layer), {
      wrap: (store) => ({
        ...store,
        open: async function* (digest, options) {
          if (failures-- > 0) throw new OperatorError("FILE_UNREADABLE", "not now");
          yield* store.open(digest, options);
        },
      }),
    });
    const path = `/v2/team/app/blobs/${digestOf(layer)}`;

    expect((await get(path)).status).toBe(500);
    expect((await get(path)).body.equals(layer)).toBe(true);
  });

  it("is nothing for digests that it does not have", async () => {
    const { get } = await setUp(async () => undefined);

    expect((await get(`/v2/a/blobs/${parseDigest(`sha256:${"0".repeat(64)}`)}`)).status).toBe(404);
    expect((await get("/v2/a/blobs/sha512:abc")).status).toBe(404);
    expect((await get("/v2/a/blobs/..%2f..%2findex.json")).status).toBe(404);
  });
});
