import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobStore } from "../../../../src/lab/modelled/images/blob-store.ts";
import { type EndpointReader, pullImage } from "../../../../src/lab/modelled/images/pull-image.ts";
import { PullError } from "../../../../src/lab/node/images/pull-error.ts";
import { type Digest, digestOf } from "../../../../src/oci/index.ts";
import { appliedConfig, mirrorConfig } from "../../../support/lab/applied-config.ts";

const config = appliedConfig({
  documents: [mirrorConfig("ghcr.io", ["http://127.0.0.1:1", "http://127.0.0.1:2"], { skipFallback: true })],
});
const layer = Buffer.from("bytes of a layer");
const configBlob = Buffer.from("{}");
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: digestOf(configBlob),
      size: configBlob.length,
    },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digestOf(layer), size: layer.length }],
  }),
);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-pull-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Served {
  readonly manifest?: Buffer | PullError;
  readonly blobs?: Readonly<Record<string, Buffer>>;
}

/** Endpoints in memory, by port; what was asked of whom is written down. */
function endpoints(served: Readonly<Record<string, Served>>, asked: string[]) {
  const notFound = new PullError("not-found", "not found");
  return ({ host }: { readonly host: string }): EndpointReader => ({
    manifest: (_repository, reference) => {
      asked.push(`${host} ${reference}`);
      const found = served[host]?.manifest ?? notFound;
      return found instanceof PullError
        ? Promise.reject(found)
        : Promise.resolve({ bytes: found, digest: digestOf(found) });
    },
    blob: async function* (_repository, { digest }) {
      await Promise.resolve();
      const found = served[host]?.blobs?.[digest];
      if (found === undefined) throw notFound;
      yield found;
    },
    close: () => Promise.resolve(),
  });
}

function pull(served: Readonly<Record<string, Served>>, asked: string[] = []) {
  return pullImage("ghcr.io/team/app:1", {
    config,
    store: openBlobStore(folder),
    platform: { os: "linux", architecture: "amd64" },
    openEndpoint: endpoints(served, asked),
    signal: AbortSignal.timeout(5000),
  });
}

const blobs = { [digestOf(layer)]: layer, [digestOf(configBlob)]: configBlob };

describe("pullImage()", () => {
  it("takes each blob from the first endpoint that has it", async () => {
    const asked: string[] = [];

    const image = await pull(
      {
        "127.0.0.1:1": { manifest, blobs: { [digestOf(configBlob)]: configBlob } },
        "127.0.0.1:2": { manifest, blobs },
      },
      asked,
    );

    expect(image).toMatchObject({
      name: "ghcr.io/team/app:1",
      repository: "ghcr.io/team/app",
      digest: digestOf(manifest),
    });
    expect(image.sizeBytes).toBe(manifest.length + configBlob.length + layer.length);
    expect(await openBlobStore(folder).read(digestOf(layer))).toEqual(layer);
    expect(asked).toEqual(["127.0.0.1:1 1"]);
  });

  it("says not found only when nobody failed otherwise", async () => {
    await expect(pull({})).rejects.toMatchObject({ kind: "not-found" });
    await expect(pull({ "127.0.0.1:1": { manifest: new PullError("unreachable", "refused") } })).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("refused") as string,
    });
  });

  it("keeps nothing whose bytes are others than promised", async () => {
    const wrong = { ...blobs, [digestOf(layer)]: Buffer.from("bytes of a LAYER") };

    await expect(pull({ "127.0.0.1:1": { manifest, blobs: wrong } })).rejects.toBeInstanceOf(PullError);

    expect(openBlobStore(folder).has(digestOf(layer))).toBe(false);
    expect(await readdir(join(folder, "ingest"))).toEqual([]);
  });

  it("takes the machine's own architecture out of an index", async () => {
    const entry = (architecture: string, digest: Digest) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest,
      size: manifest.length,
      platform: { os: "linux", architecture },
    });
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        manifests: [entry("arm64", digestOf("other")), entry("amd64", digestOf(manifest))],
      }),
    );
    const asked: string[] = [];
    const both = endpoints({ "127.0.0.1:1": { manifest, blobs } }, asked);
    const byTag = (endpoint: { readonly host: string }): EndpointReader => {
      const reader = both(endpoint);
      return {
        ...reader,
        manifest: (repository, reference, options) =>
          reference === "1"
            ? Promise.resolve({ bytes: index, digest: digestOf(index) })
            : reader.manifest(repository, reference, options),
      };
    };

    const image = await pullImage("ghcr.io/team/app:1", {
      config,
      store: openBlobStore(folder),
      platform: { os: "linux", architecture: "amd64" },
      openEndpoint: byTag,
      signal: AbortSignal.timeout(5000),
    });

    expect(image).toMatchObject({ digest: digestOf(index), manifestDigest: digestOf(manifest) });
    expect(asked).toEqual([`127.0.0.1:1 ${digestOf(manifest)}`]);
  });
});
