import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import {
  createRegistryClient,
  type Descriptor,
  digestOf,
  type RegistryClient,
  type RegistryClientOptions,
} from "../../../../src/oci/index.ts";
import { testAuthority } from "../../../support/authority.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from "../../../support/registry.ts";

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const signal = new AbortController().signal;
const retry = { attempts: 3, baseDelayMs: 500, maxDelayMs: 15_000, deadlineMs: 120_000 };
const proxyNames = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"];

async function fakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const registry = await startFakeRegistry(options);
  open.push(registry);
  return registry;
}

function clientOf(apiRoot: string, options: Partial<RegistryClientOptions> = {}): RegistryClient {
  const client = createRegistryClient({ apiRoot, clock: leapingClock(), retry, label: "example", ...options });
  open.push(client);
  return client;
}

/** Pulls a blob; what came before a failure is kept. */
async function pull(
  client: RegistryClient,
  blob: { digest: string; size: number },
  options: { start?: number; signal?: AbortSignal } = {},
) {
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of client.fetchBlob("team/app", blob as Descriptor, { signal, ...options }))
      chunks.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { bytes: Buffer.concat(chunks), error };
}

const layer = Buffer.alloc(3_000_000, "skerry ");

describe("fetchManifest()", () => {
  it("gives the bytes with the digest they have", async () => {
    const registry = await fakeRegistry();
    const { digest, size, mediaType } = registry.addImage("team/app", "1", [layer]);

    const { descriptor, bytes } = await clientOf(registry.apiRoot).fetchManifest("team/app", "1", { signal });

    expect(descriptor).toEqual({ digest, size, mediaType });
    expect(digestOf(bytes)).toBe(digest);
  });

  it("asks a mirror for the registry it stands for", async () => {
    const registry = await fakeRegistry();
    registry.addImage("team/app", "1", []);

    await clientOf(registry.apiRoot, { ns: "ghcr.io" }).fetchManifest("team/app", "1", { signal });

    expect(registry.requests[0]?.url).toBe("/v2/team/app/manifests/1?ns=ghcr.io");
  });

  it.each([
    ["404", { kind: "status", status: 404, code: "MANIFEST_UNKNOWN" }, "REGISTRY_NOT_FOUND", 1],
    ["401", { kind: "status", status: 401 }, "REGISTRY_UNAUTHORIZED", 1],
    ["403", { kind: "status", status: 403 }, "REGISTRY_UNAUTHORIZED", 1],
    ["500", { kind: "status", status: 500 }, "REGISTRY_FAILED", 3],
    ["429", { kind: "status", status: 429 }, "REGISTRY_FAILED", 3],
    ["418", { kind: "status", status: 418 }, "REGISTRY_FAILED", 1],
    ["wrong bytes", { kind: "wrong-bytes" }, "REGISTRY_DIGEST_MISMATCH", 1],
    ["an endless body", { kind: "endless" }, "MANIFEST_INVALID", 1],
    ["a cut connection", { kind: "cut", afterBytes: 10 }, "REGISTRY_UNREACHABLE", 3],
    ["silence", { kind: "stall", afterBytes: 10 }, "REGISTRY_UNREACHABLE", 3],
  ] as const)("answers %s with a code, after as many tries as are worth it", async (_, does, code, tries) => {
    const registry = await fakeRegistry();
    registry.addImage("team/app", "1", []);
    registry.misbehave({ path: /manifests/, times: tries, does });
    const client = clientOf(registry.apiRoot, { idleTimeoutMs: 100 });

    await expect(client.fetchManifest("team/app", "1", { signal })).rejects.toMatchObject({ code });
    expect(registry.requests.length).toBe(tries);
  });

  it("goes on when the registry is well again", async () => {
    const registry = await fakeRegistry();
    const { digest } = registry.addImage("team/app", "1", []);
    registry.misbehave({ path: /manifests/, times: 2, does: { kind: "status", status: 503 } });

    const { descriptor } = await clientOf(registry.apiRoot).fetchManifest("team/app", "1", { signal });

    expect(descriptor.digest).toBe(digest);
  });

  it("refuses other content than the digest that was asked for", async () => {
    const registry = await fakeRegistry();
    const { digest } = registry.addImage("team/app", undefined, []);
    registry.misbehave({ path: /manifests/, does: { kind: "wrong-bytes" } });

    await expect(clientOf(registry.apiRoot).fetchManifest("team/app", digest, { signal })).rejects.toMatchObject({
      code: "REGISTRY_DIGEST_MISMATCH",
    });
  });

  it.each([
    ["../../etc", "1"],
    ["team/app", "../x"],
    ["team/app?x=", "1"],
    ["team/app", "1?x"],
  ])("asks for no %s:%s", async (repository, reference) => {
    const registry = await fakeRegistry();

    await expect(clientOf(registry.apiRoot).fetchManifest(repository, reference, { signal })).rejects.toMatchObject({
      code: "REFERENCE_INVALID",
    });
    expect(registry.requests).toEqual([]);
  });
});

describe("fetchBlob()", () => {
  it("streams a blob whole", async () => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);

    const { bytes, error } = await pull(clientOf(registry.apiRoot), blob);

    expect(error).toBeUndefined();
    expect(bytes.equals(layer)).toBe(true);
  });

  it("resumes by Range after broken connections", async () => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);
    registry.misbehave({ path: /blobs/, times: 2, does: { kind: "cut", afterBytes: 1_200_000 } });

    const { bytes, error } = await pull(clientOf(registry.apiRoot), blob);

    expect(error).toBeUndefined();
    expect(bytes.equals(layer)).toBe(true);
    const starts = registry.requests.map(({ range }) => Number(/=(\d+)-/.exec(range ?? "=0-")?.[1]));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts[2]).toBeGreaterThan(0);
  });

  it("resumes where the registry knows no ranges", async () => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);
    registry.misbehave({ path: /blobs/, times: 1, does: { kind: "cut", afterBytes: 1_200_000 } });
    registry.misbehave({ path: /blobs/, times: 1, does: { kind: "ignore-range" } });

    const { bytes, error } = await pull(clientOf(registry.apiRoot), blob);

    expect(error).toBeUndefined();
    expect(bytes.equals(layer)).toBe(true);
  });

  it("resumes after silence", async () => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);
    registry.misbehave({ path: /blobs/, times: 1, does: { kind: "stall", afterBytes: 500_000 } });

    const { bytes } = await pull(clientOf(registry.apiRoot, { idleTimeoutMs: 100 }), blob);

    expect(bytes.equals(layer)).toBe(true);
  });

  it("gives the rest to a caller that has the beginning", async () => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);

    const { bytes } = await pull(clientOf(registry.apiRoot), blob, { start: 2_999_990 });

    expect(bytes.equals(layer.subarray(2_999_990))).toBe(true);
  });

  it.each([
    ["wrong bytes", { kind: "wrong-bytes" }, "REGISTRY_DIGEST_MISMATCH", 1],
    ["an endless body", { kind: "endless" }, "REGISTRY_DIGEST_MISMATCH", 1],
    ["a blob it does not have", { kind: "status", status: 404 }, "REGISTRY_NOT_FOUND", 1],
    ["a server error", { kind: "status", status: 500 }, "REGISTRY_FAILED", 3],
    ["connections that never get anywhere", { kind: "cut", afterBytes: 0 }, "REGISTRY_UNREACHABLE", 3],
  ] as const)("ends on %s and never hands over a whole wrong blob", async (_, does, code, tries) => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);
    registry.misbehave({ path: /blobs/, times: tries, does });

    const { bytes, error } = await pull(clientOf(registry.apiRoot), blob);

    expect(error).toMatchObject({ code });
    expect(bytes.length).toBeLessThan(blob.size);
  });

  it.each([1, -1])("refuses a blob whose length is %i byte beside its descriptor's", async (difference) => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);

    const { bytes, error } = await pull(clientOf(registry.apiRoot), { ...blob, size: blob.size + difference });

    expect(error).toMatchObject({ code: "REGISTRY_DIGEST_MISMATCH" });
    expect(bytes.length).toBe(0);
  });

  it("ends at once, with the signal's own reason, and leaves no listener", async () => {
    const registry = await fakeRegistry();
    const blob = registry.addBlob(layer);
    registry.misbehave({ path: /blobs/, does: { kind: "stall", afterBytes: 1000 } });
    const controller = new AbortController();
    const reason = new Error("interrupted");
    setTimeout(() => controller.abort(reason), 50);

    const { error } = await pull(clientOf(registry.apiRoot), blob, { signal: controller.signal });

    expect(error).toBe(reason);
    const other = new AbortController();
    registry.addImage("team/app", "1", []);
    await clientOf(registry.apiRoot).fetchManifest("team/app", "1", { signal: other.signal });
    expect(getEventListeners(other.signal, "abort")).toEqual([]);
  });
});

describe("a registry client's connection", () => {
  it("names a refused connection", async () => {
    const registry = await startFakeRegistry();
    await registry.close();

    await expect(clientOf(registry.apiRoot).fetchManifest("team/app", "1", { signal })).rejects.toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      retry: "same",
    });
  });

  it("trusts the CA it is given, and only that", async () => {
    const [ours, theirs] = [testAuthority(), testAuthority()];
    const registry = await fakeRegistry({ tls: ours.server() });
    registry.addImage("team/app", "1", []);

    await clientOf(registry.apiRoot, { ca: ours.ca }).fetchManifest("team/app", "1", { signal });

    for (const options of [{}, { ca: theirs.ca }]) {
      await expect(
        clientOf(registry.apiRoot, options).fetchManifest("team/app", "1", { signal }),
      ).rejects.toMatchObject({
        code: "REGISTRY_TLS_UNTRUSTED",
      });
    }
  });

  it("does not trust a certificate for another address", async () => {
    const authority = testAuthority();
    const registry = await fakeRegistry({ tls: authority.server({ ipAddresses: ["127.0.0.2"] }) });

    await expect(
      clientOf(registry.apiRoot, { ca: authority.ca }).fetchManifest("team/app", "1", { signal }),
    ).rejects.toMatchObject({ code: "REGISTRY_TLS_UNTRUSTED" });
  });

  it("says when what answers speaks no TLS", async () => {
    const registry = await fakeRegistry();

    await expect(
      clientOf(registry.apiRoot.replace("http:", "https:")).fetchManifest("team/app", "1", { signal }),
    ).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE", retry: "later" });
  });

  it("ignores the proxies of the environment", async () => {
    const registry = await fakeRegistry();
    registry.addImage("team/app", "1", []);
    const before = proxyNames.map((name) => [name, process.env[name]] as const);
    for (const name of proxyNames) process.env[name] = "http://127.0.0.1:1";
    try {
      await clientOf(registry.apiRoot).fetchManifest("team/app", "1", { signal });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }

    expect(registry.requests.length).toBe(1);
  });
});

describe("a registry client's credentials", () => {
  const auth = { username: "operator", password: "hunter2" };

  it.each(["basic", "bearer"] as const)("meet a %s challenge once and are kept", async (kind) => {
    const registry = await fakeRegistry({ auth: { kind, ...auth } });
    registry.addImage("team/app", "1", []);
    const client = clientOf(registry.apiRoot, { auth });

    await client.fetchManifest("team/app", "1", { signal });
    await client.fetchManifest("team/app", "1", { signal });

    expect(registry.requests.length).toBe(kind === "basic" ? 3 : 4);
  });

  it("are refused by code, without being repeated", async () => {
    const registry = await fakeRegistry({ auth: { kind: "basic", ...auth } });

    const wrong = clientOf(registry.apiRoot, { auth: { username: "operator", password: "hunter3" } });
    const error = await wrong.fetchManifest("team/app", "1", { signal }).catch((thrown: unknown) => thrown as Error);

    expect(error).toMatchObject({ code: "REGISTRY_UNAUTHORIZED" });
    expect(JSON.stringify([error, String(error)])).not.toContain("hunter3");
  });

  it("do not follow a redirect to another host", async () => {
    const registry = await fakeRegistry({ auth: { kind: "basic", ...auth } });
    const storage = await fakeRegistry();
    const blob = storage.addBlob(layer);
    const location = `${storage.apiRoot}/team/app/blobs/${blob.digest}`;
    registry.misbehave({ path: /blobs/, times: 1, does: { kind: "status", status: 307, headers: { location } } });

    const { bytes } = await pull(clientOf(registry.apiRoot, { auth }), blob);

    expect(bytes.equals(layer)).toBe(true);
    expect(registry.requests[1]?.authorization).toMatch(/^Basic /);
    expect(storage.requests[0]).not.toHaveProperty("authorization");
  });

  it("do not go to a token server on a host they are not for", async () => {
    const elsewhere = await fakeRegistry();
    const registry = await fakeRegistry();
    const challenge = `Bearer realm="http://${elsewhere.host}/token",service="x"`;
    registry.misbehave({
      path: /./,
      does: { kind: "status", status: 401, headers: { "www-authenticate": challenge } },
    });

    await expect(clientOf(registry.apiRoot, { auth }).fetchManifest("team/app", "1", { signal })).rejects.toMatchObject(
      {
        code: "REGISTRY_UNAUTHORIZED",
      },
    );
    expect(elsewhere.requests).toEqual([]);
  });

  it("let a push through", async () => {
    const registry = await fakeRegistry({ auth: { kind: "bearer", ...auth } });
    const client = clientOf(registry.apiRoot, { auth });
    const blob = { digest: digestOf(layer), size: layer.length };
    const read = async function* () {
      yield await Promise.resolve(layer);
    };

    await client.pushBlob("team/app", blob, read, { signal });
    await client.pushBlob("team/app", blob, read, { signal });

    expect(registry.blobs.get(blob.digest)?.length).toBe(layer.length);
    expect(registry.requests.filter(({ method }) => method === "PUT").length).toBeLessThanOrEqual(2);
  });
});

describe("redirects", () => {
  it("end after five", async () => {
    const registry = await fakeRegistry();
    const headers = { location: `${registry.apiRoot}/team/app/manifests/1` };
    registry.misbehave({ path: /manifests/, times: 6, does: { kind: "status", status: 302, headers } });

    await expect(clientOf(registry.apiRoot).fetchManifest("team/app", "1", { signal })).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
    });
  });

  it("never leave TLS", async () => {
    const authority = testAuthority();
    const plain = await fakeRegistry();
    const registry = await fakeRegistry({ tls: authority.server() });
    const headers = { location: `${plain.apiRoot}/team/app/manifests/1` };
    registry.misbehave({ path: /manifests/, times: 1, does: { kind: "status", status: 302, headers } });

    await expect(
      clientOf(registry.apiRoot, { ca: authority.ca }).fetchManifest("team/app", "1", { signal }),
    ).rejects.toMatchObject({ code: "REGISTRY_FAILED" });
    expect(plain.requests).toEqual([]);
  });
});

describe("pushBlob()", () => {
  it("sends nothing that is there already", async () => {
    const registry = await fakeRegistry();
    const { digest, size } = registry.addBlob(layer);
    const client = clientOf(registry.apiRoot);

    await client.pushBlob("team/app", { digest: digestOf(layer), size }, () => expect.unreachable(), { signal });

    expect(registry.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `HEAD /v2/team/app/blobs/${digest}`,
    ]);
  });

  it("sends the bytes again when the registry fails in between", async () => {
    const registry = await fakeRegistry();
    registry.misbehave({ path: /uploads/, method: "PUT", times: 1, does: { kind: "status", status: 502 } });
    const blob = { digest: digestOf(layer), size: layer.length };

    await clientOf(registry.apiRoot).pushBlob(
      "team/app",
      blob,
      async function* () {
        yield await Promise.resolve(layer);
      },
      { signal },
    );

    expect(registry.blobs.has(blob.digest)).toBe(true);
  });

  it("lets the registry take the bytes from another repository, and sends them where it does not", async () => {
    const registry = await fakeRegistry();
    const { digest, size } = registry.addBlob(layer);
    const absent = { kind: "status", status: 404 } as const;
    registry.misbehave({ path: /blobs\/sha256/, method: "HEAD", times: 2, does: absent });
    registry.misbehave({ path: /uploads/, method: "POST", times: 1, does: { kind: "status", status: 201 } });
    const client = clientOf(registry.apiRoot);
    const blob = { digest: digestOf(layer), size };
    const sent: number[] = [];
    const read = async function* () {
      yield await Promise.resolve(layer);
    };

    const mounted = await client.pushBlob("team/app", blob, () => expect.unreachable(), { signal, from: "team/base" });
    const pushed = await client.pushBlob("team/app", blob, read, {
      signal,
      from: "team/base",
      onSent: (bytes) => sent.push(bytes),
    });

    expect([mounted, pushed]).toEqual(["mounted", "sent"]);
    expect(sent.at(-1)).toBe(size);
    expect(registry.requests.filter(({ method }) => method === "POST").map(({ url }) => url)).toEqual(
      Array.from({ length: 2 }, () => `/v2/team/app/blobs/uploads/?mount=${digest}&from=team%2Fbase`),
    );
  });

  it("stops when the bytes are not what they should be", async () => {
    const registry = await fakeRegistry();
    const blob = { digest: digestOf("other"), size: layer.length };

    await expect(
      clientOf(registry.apiRoot).pushBlob(
        "team/app",
        blob,
        async function* () {
          yield await Promise.resolve(layer);
        },
        { signal },
      ),
    ).rejects.toMatchObject({ code: "REGISTRY_DIGEST_MISMATCH" });
    expect(registry.blobs.size).toBe(0);
  });
});

describe("headManifest()", () => {
  it("gives the digest behind a tag, or that there is none", async () => {
    const registry = await fakeRegistry();
    const { digest } = registry.addImage("team/app", "1", [layer]);
    const client = clientOf(registry.apiRoot);

    expect(await client.headManifest("team/app", "1", { signal })).toBe(digest);
    expect(await client.headManifest("team/app", digest as Descriptor["digest"], { signal })).toBe(digest);
    expect(await client.headManifest("team/app", "2", { signal })).toBeUndefined();
    expect(registry.requests.every(({ method }) => method === "HEAD")).toBe(true);
  });
});

describe("pushManifest()", () => {
  it("says when the registry misses what the manifest names", async () => {
    const registry = await fakeRegistry();
    const refused = { kind: "status", status: 400, code: "MANIFEST_BLOB_UNKNOWN" } as const;
    registry.misbehave({ path: /manifests/, method: "PUT", times: 1, does: refused });

    const push = clientOf(registry.apiRoot).pushManifest(
      "team/app",
      "1",
      { mediaType: "application/vnd.oci.image.manifest.v1+json", bytes: Buffer.from("{}") },
      { signal },
    );

    await expect(push).rejects.toMatchObject({ code: "REGISTRY_INCOMPLETE" });
  });
});
