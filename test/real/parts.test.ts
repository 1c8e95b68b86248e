import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { execa } from "execa";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureParts, type Internet, images, type PartsEvent, startInternet } from "../../parts/index.ts";
import { startApiServer, type TestApiServer } from "../support/apiserver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { signal } = new AbortController();

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string };
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

async function sha256(stream: AsyncIterable<Uint8Array>): Promise<{ readonly digest: string; readonly size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

describe("startInternet()", () => {
  let internet: Internet;
  beforeAll(async () => {
    internet = await startInternet({ signal });
  });
  afterAll(async () => {
    await internet.stop();
  });

  /** The address that a client makes of a reference and the override of its host. */
  function addressOf(reference: string, kind: "manifests" | "blobs", name: string): string {
    const slash = reference.indexOf("/");
    const root = internet.overrides[reference.slice(0, slash)];
    return `${root}/${reference.slice(slash + 1, reference.lastIndexOf(":"))}/${kind}/${name}`;
  }

  async function manifestOf(reference: string, name: string): Promise<Manifest> {
    const response = await fetch(addressOf(reference, "manifests", name), {
      headers: { accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json" },
    });
    const text = await response.text();
    expect(response.status).toBe(200);
    const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    expect(response.headers.get("docker-content-digest")).toBe(digest);
    return JSON.parse(text) as Manifest;
  }

  async function blobOf(reference: string, descriptor: Descriptor): Promise<Readable> {
    const response = await fetch(addressOf(reference, "blobs", descriptor.digest));
    expect(response.status).toBe(200);
    if (response.body === null) throw new Error("no body");
    return Readable.fromWeb(response.body);
  }

  it.each(images.map((image) => image.reference))("serves %s by its name, every digest right", async (reference) => {
    const top = await manifestOf(reference, reference.slice(reference.lastIndexOf(":") + 1));
    const children = await Promise.all((top.manifests ?? []).map((child) => manifestOf(reference, child.digest)));
    const manifests = top.manifests === undefined ? [top] : children;

    const blobs = manifests.flatMap((manifest) => [
      ...(manifest.config ? [manifest.config] : []),
      ...(manifest.layers ?? []),
    ]);
    expect(blobs.length).toBeGreaterThan(1);
    for (const blob of blobs) {
      expect(await sha256(await blobOf(reference, blob))).toEqual({ digest: blob.digest, size: blob.size });
    }
  });

  it("has one image of two architectures", async () => {
    const index = await manifestOf("registry.k8s.io/pause:3.10.1", "3.10.1");

    expect(index.manifests?.map((child) => child.platform?.architecture)).toEqual(["amd64", "arm64"]);
  });

  it("has the built program in its image, byte for byte", async () => {
    const { etcd } = await ensureParts({ only: ["etcd"], signal });
    const reference = "registry.k8s.io/etcd:v3.6.12";
    const layer = (await manifestOf(reference, "v3.6.12")).layers?.at(-1);
    if (layer === undefined) throw new Error("no layer");

    const found = new Map<string, { readonly digest: string }>();
    const tar = extract();
    (await blobOf(reference, layer)).pipe(createGunzip()).pipe(tar);
    for await (const entry of tar)
      found.set(entry.header.name, await sha256(entry as unknown as AsyncIterable<Uint8Array>));

    expect(found.get("usr/local/bin/etcd")).toEqual(await sha256(createReadStream(etcd)));
  });

  it("is filled once: a second start pushes nothing, also beside the first", async () => {
    const events: PartsEvent[] = [];

    const second = await startInternet({ signal, report: (event) => events.push(event) });

    await second.stop();
    expect(events.map((event) => event.kind)).toEqual(["cached"]);
  });

  it("refuses a port that is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    if (address === null || typeof address === "string") throw new Error("no port");

    await expect(startInternet({ signal, port: address.port })).rejects.toMatchObject({ code: "PARTS_PORT_TAKEN" });

    other.close();
  });

  it("is gone after stop", async () => {
    const second = await startInternet({ signal });

    await second.stop();

    await expect(fetch(second.url)).rejects.toThrow();
  });
});

describe("kube-apiserver and etcd", () => {
  let server: TestApiServer;
  beforeAll(async () => {
    server = await startApiServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  it("become ready, and kubectl sees the versions of the table", async () => {
    await using folder = await temporaryFolder();
    const { kubectl } = await ensureParts({ only: ["kubectl"], signal });
    const kubeconfig = path.join(folder.path, "kubeconfig");
    await writeFile(kubeconfig, server.kubeconfigYaml, { mode: 0o600 });

    const ready = await execa(kubectl, ["--kubeconfig", kubeconfig, "get", "--raw", "/readyz"]);
    const versions = await execa(kubectl, ["--kubeconfig", kubeconfig, "version", "--output=json"]);

    expect(ready.stdout).toBe("ok");
    expect(JSON.parse(versions.stdout)).toMatchObject({
      clientVersion: { gitVersion: "v1.36.3", major: "1", minor: "36" },
      serverVersion: { gitVersion: "v1.36.3", major: "1", minor: "36" },
    });
  });
});
