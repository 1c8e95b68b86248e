import { createHash } from "node:crypto";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRegistryClient, type Digest, mediaTypes } from "../../../src/oci/index.ts";
import type { PullSample } from "./sample.ts";

/** A registry that has the sample, as one of its implementations was started. */
export interface RunningRegistry {
  /** API root under which the repositories of the sample are. */
  readonly apiRoot: string;
  readonly ca?: string;
  readonly stop: () => Promise<void>;
}

/** What every registry promises to those who pull: the mirror, the real distribution registry and the fake of our tests. */
export function describePullContract(
  name: string,
  start: () => Promise<{ readonly registry: RunningRegistry; readonly sample: PullSample }>,
): void {
  describe(`${name} as a registry to pull from`, () => {
    let registry: RunningRegistry;
    let sample: PullSample;
    let agent: Agent;
    const signal = new AbortController().signal;

    beforeAll(async () => {
      ({ registry, sample } = await start());
      agent = new Agent({ connect: registry.ca === undefined ? {} : { ca: registry.ca } });
    });
    afterAll(async () => {
      await agent.destroy();
      await registry.stop();
    });

    async function ask(method: "GET" | "HEAD", path: string, headers: Record<string, string> = {}) {
      const answer = await request(`${registry.apiRoot}/${path}`, { method, headers, dispatcher: agent });
      const body = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: answer.headers, body };
    }
    const accept = { accept: [mediaTypes.ociIndex, mediaTypes.ociManifest].join(", ") };
    const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

    it("answers at the root of the API", async () => {
      const { origin } = new URL(registry.apiRoot);

      const answer = await request(`${origin}/v2/`, { dispatcher: agent });
      await answer.body.dump();

      expect(answer.statusCode).toBe(200);
    });

    it.each(["GET", "HEAD"] as const)("gives a manifest by tag and by digest to %s", async (method) => {
      const { repository, tag, manifest } = sample.image;

      for (const reference of [tag, manifest.digest]) {
        const answer = await ask(method, `${repository}/manifests/${reference}`, accept);

        expect(answer.status).toBe(200);
        expect(answer.headers).toMatchObject({
          "content-type": manifest.mediaType,
          "content-length": String(manifest.size),
          "docker-content-digest": manifest.digest,
        });
        expect(answer.body.length).toBe(method === "HEAD" ? 0 : manifest.size);
        if (method === "GET") expect(digestOf(answer.body)).toBe(manifest.digest);
      }
    });

    it("gives an index by tag and its entries by digest", async () => {
      const { repository, tag, manifest, entries } = sample.index;

      const index = await ask("GET", `${repository}/manifests/${tag}`, accept);

      expect(index.headers["content-type"]).toBe(mediaTypes.ociIndex);
      expect(digestOf(index.body)).toBe(manifest.digest);
      for (const entry of entries) {
        const answer = await ask("GET", `${repository}/manifests/${entry.digest}`, accept);
        expect([answer.status, answer.headers["content-type"]]).toEqual([200, entry.mediaType]);
        expect(digestOf(answer.body)).toBe(entry.digest);
      }
    });

    it("gives blobs whole, with their length and digest", async () => {
      for (const blob of sample.image.blobs) {
        const path = `${sample.image.repository}/blobs/${blob.digest}`;
        const [got, head] = [await ask("GET", path), await ask("HEAD", path)];

        expect(digestOf(got.body)).toBe(blob.digest);
        for (const { status, headers } of [got, head]) {
          expect([status, headers["content-length"], headers["docker-content-digest"]]).toEqual([
            200,
            String(blob.size),
            blob.digest,
          ]);
        }
        expect(head.body.length).toBe(0);
      }
    });

    it.each([
      ["the middle", (size: number) => `bytes=1000-${size - 1001}`, (size: number) => [1000, size - 1000]],
      ["the rest", (size: number) => `bytes=${size - 7}-`, (size: number) => [size - 7, size]],
      ["the last bytes", () => "bytes=-9", (size: number) => [size - 9, size]],
      ["more than there is", (size: number) => `bytes=5-${size + 100}`, (size: number) => [5, size]],
    ])("gives %s of a blob for a Range", async (_, range, part) => {
      const { repository, big } = sample.image;
      const [start = 0, end = 0] = part(big.size);

      const answer = await ask("GET", `${repository}/blobs/${big.digest}`, { range: range(big.size) });

      expect(answer.status).toBe(206);
      expect(answer.headers["content-range"]).toBe(`bytes ${start}-${end - 1}/${big.size}`);
      expect(answer.body.equals(sample.bytesOf(big.digest).subarray(start, end))).toBe(true);
    });

    it("refuses a Range behind the end", async () => {
      const { repository, big } = sample.image;

      const answer = await ask("GET", `${repository}/blobs/${big.digest}`, { range: `bytes=${big.size}-` });

      expect([answer.status, answer.headers["content-range"]]).toEqual([416, `bytes */${big.size}`]);
    });

    it.each([
      ["a tag", "MANIFEST_UNKNOWN", () => `${sample.image.repository}/manifests/never`],
      ["a manifest", "MANIFEST_UNKNOWN", () => `${sample.image.repository}/manifests/${sample.unknownDigest}`],
      ["a blob", "BLOB_UNKNOWN", () => `${sample.image.repository}/blobs/${sample.unknownDigest}`],
    ])("says in its error body which %s it does not have", async (_, code, path) => {
      const answer = await ask("GET", path(), accept);

      expect(answer.status).toBe(404);
      const { errors } = JSON.parse(answer.body.toString()) as { errors: { code: string; message: string }[] };
      expect(errors[0]?.code).toBe(code);
      expect((await ask("HEAD", path(), accept)).status).toBe(404);
    });

    it("does not take a blob for a manifest", async () => {
      const { repository, big } = sample.image;

      expect((await ask("GET", `${repository}/manifests/${big.digest}`, accept)).status).toBe(404);
    });

    it("lists the tags of a repository", async () => {
      const answer = await ask("GET", `${sample.image.repository}/tags/list`);

      expect(JSON.parse(answer.body.toString())).toMatchObject({ tags: [sample.image.tag] });
    });

    it("serves many pullers at once, every byte right", async () => {
      const { repository, big } = sample.image;

      const digests = await Promise.all(
        Array.from({ length: 16 }, async () => {
          const answer = await request(`${registry.apiRoot}/${repository}/blobs/${big.digest}`, { dispatcher: agent });
          const hash = createHash("sha256");
          for await (const chunk of answer.body) hash.update(chunk as Uint8Array);
          return `sha256:${hash.digest("hex")}`;
        }),
      );

      expect(new Set(digests)).toEqual(new Set([big.digest]));
    });

    it("is pulled from by our own client, image by image", async () => {
      const client = createRegistryClient({
        apiRoot: registry.apiRoot,
        ...(registry.ca === undefined ? {} : { ca: registry.ca }),
      });
      try {
        const { repository, tag, manifest, blobs } = sample.image;
        const pulled = await client.fetchManifest(repository, tag, { signal });
        let sizeBytes = 0;
        for (const blob of blobs) {
          for await (const chunk of client.fetchBlob(repository, blob, { signal })) sizeBytes += chunk.length;
          expect(await client.hasBlob(repository, blob.digest, { signal })).toBe(true);
        }

        expect(pulled.descriptor).toEqual({
          mediaType: manifest.mediaType,
          digest: manifest.digest,
          size: manifest.size,
        });
        expect(sizeBytes).toBe(blobs.reduce((sum, { size }) => sum + size, 0));
        expect(await client.hasBlob(repository, sample.unknownDigest as Digest, { signal })).toBe(false);
        await expect(client.fetchManifest(repository, "never", { signal })).rejects.toMatchObject({
          code: "REGISTRY_NOT_FOUND",
        });
      } finally {
        await client.close();
      }
    });
  });
}
